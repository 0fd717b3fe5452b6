"""Reference pages made from the code: a README for each service, and the list of settings."""

import importlib
import inspect
from collections.abc import Iterable
from typing import Any

from pydantic_core import PydanticUndefined

from chassis.settings import Settings, environment_name
from contracts import catalog
from contracts.reference import MADE
from deploy.local.paths import ROOT

NO_RULE = "by the clock, or where identity is decided"
ABSENT = "It has no rules, no topics and no doors: starting it says so and does nothing.\n"


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    services = sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))
    return {f"services/{name}/README.md": service_page(name) for name in services} | {
        "docs/settings.md": settings_page()
    }


def service_page(name: str) -> str:
    """What a service owns, which facts go in and come out, and what its doors answer."""
    about = inspect.getdoc(importlib.import_module(f"services.{name}")) or ""
    ports = importlib.import_module(f"services.{name}.settings").PORTS
    doors = f"Ports: HTTP {ports.http}, gRPC {ports.grpc}, admin {ports.admin}.\n"
    head = f"# {name}\n\n{MADE}\n{about}\n\n{doors}\n"
    return head + (_built(name) if _rules(name) else ABSENT)


def settings_page() -> str:
    """`docs/settings.md`: every setting with its default."""
    rows = (
        (f"`{environment_name(Settings, field)}`", _default(info), info.description or "")
        for field, info in Settings.model_fields.items()
    )
    return f"# Settings\n\n{MADE}\n{SETTINGS}\n{_table(('environment', 'default', 'what'), rows)}"


def _rules(name: str) -> dict[str, catalog.RuleEntry]:
    prefix = f"{name}."
    return {rule.removeprefix(prefix): entry for rule, entry in catalog.RULES.items() if rule.startswith(prefix)}


def _built(name: str) -> str:
    parts = (
        ("Topics", _topics(name)),
        ("Facts in", _facts_in(name)),
        ("Facts out", _facts_out(name)),
        ("HTTP", _routes(name)),
        ("gRPC", _calls(name)),
        ("Where to read", READING.format(name=name)),
    )
    return "\n".join(f"## {title}\n\n{text}" for title, text in parts)


def _topics(name: str) -> str:
    rows = (
        (f"`{topic.name}`", " and ".join(_part(name, topic)), topic.about, topic.key)
        for topic in catalog.TOPICS.values()
        if _part(name, topic)
    )
    return _table(("topic", "this service", "what", "key"), rows)


def _part(name: str, topic: catalog.Topic) -> list[str]:
    return ["owns"] * (topic.owner == name) + ["reads"] * (name in topic.readers)


def _facts_in(name: str) -> str:
    causes: dict[str, list[str]] = {}
    for rule, entry in _rules(name).items():
        for cause in entry.causes:
            causes.setdefault(cause, []).append(f"`{rule}`")
    rows = ((_linked(cause), ", ".join(rules)) for cause, rules in causes.items())
    return _table(("fact or command", "rule"), rows)


def _facts_out(name: str) -> str:
    emitters: dict[str, list[str]] = {type_: [] for type_, entry in catalog.TYPES.items() if entry.owner == name}
    for rule, entry in _rules(name).items():
        for emitted in dict.fromkeys(entry.emits):
            emitters[emitted].append(f"`{rule}`")
    rows = ((_linked(type_), ", ".join(rules) or NO_RULE) for type_, rules in emitters.items())
    return _table(("fact", "emitted by"), rows)


def _linked(type_name: str) -> str:
    if type_name not in catalog.TYPES:
        return f"`{type_name}` (by the doors or the clock)"
    return f"[`{type_name}`](../../docs/events.md#{type_name.replace('.', '')})"


def _routes(name: str) -> str:
    nothing: Any = None  # routes are made without a running service; only their description is used
    routers = importlib.import_module(f"services.{name}.api.routes").routers(nothing)
    rows = (
        (f"`{' '.join(sorted(route.methods))} {route.path}`", route.summary)
        for router in routers
        for route in router.routes
    )
    return _table(("route", "what"), rows)


def _calls(name: str) -> str:
    stubs = importlib.import_module(f"hearth.{name}.v1.{name}_pb2")
    (service,) = stubs.DESCRIPTOR.services_by_name.values()
    calls = ", ".join(f"`{method.name}`" for method in service.methods)
    return f"`{service.full_name}`: {calls}.\n"


def _default(info: Any) -> str:
    if info.default is PydanticUndefined or info.default in (None, ""):
        return ""
    return f"`{str(info.default).lower() if isinstance(info.default, bool) else info.default}`"


def _table(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = tuple(columns)
    lines = (head, tuple("---" for _ in head), *(tuple(str(cell) for cell in row) for row in rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


READING = """`worker/table.py` says which rule a fact goes to, `domain/` is those rules, pure; numbers that people
change are in `policy/`. `app.py` is the only file that knows everything. Errors: [docs/errors.md](../../docs/errors.md).
"""

SETTINGS = """Every process reads these once, at start, from the environment; all that are wrong are reported at once.
Secrets are files. `KAFKA_BOOTSTRAP` and `MONGO_URL` are shared with other programs, all other names begin with `HEARTH_`.

The local runner (`make run`) sets addresses, keys and ports itself and understands `KAFKA_BOOTSTRAP`, `MONGO_URL`
(somebody else's engines), `HEARTH_PORT_OFFSET` and `HEARTH_DATA_DIR`. The command line `hearth` also takes
`HEARTH_URL_<SERVICE>` and `HEARTH_ADMIN_<SERVICE>`, base URLs of the HTTP and admin doors, and the caller's token in
`HEARTH_TOKEN` or the file `HEARTH_TOKEN_FILE`. Profile also reads
`HEARTH_PEER_<SERVICE>`, gRPC addresses of the others, to say how far an event is. `HEARTH_CRASH_AT`,
`HEARTH_PAUSE_AT` and `HEARTH_LOSE_REPLIES` break a process on purpose (`chassis/faults.py`); never set them in earnest.
"""
