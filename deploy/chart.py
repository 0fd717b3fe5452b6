"""What the Helm chart knows of the code: topics, services, routes. And the page about topics. Made by `make generate`."""

import importlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from chassis.migrate import topic_settings
from contracts.access import ACCESS
from contracts.catalog import ALL, TOPICS, Topic
from contracts.reference import MADE
from contracts.topics import Plan
from deploy.local.paths import ROOT
from services.profile.settings import PEERS

CHART = ROOT / "deploy" / "helm" / "hearth"
FILES = "deploy/helm/hearth/files"
HEAD = "# made by `make generate` from contracts/ and services/; change those, not this file\n"

TOPICS_PAGE = """Made by the role `migrate` of their owner (the chart's default), by Strimzi, or by whoever runs Kafka, always
with these numbers. A count of partitions is fixed when the topic is made: keys would go elsewhere. *local* is for laptops
(`HEARTH_PARTITIONS=local`), *production* for clusters. Every topic also has `cleanup.policy=delete`, `max.message.bytes` of
1 MiB, `unclean.leader.election.enable=false` and, with two replicas or more, `min.insync.replicas=2`. The chains in the
database are the record, the log is transport: what is shorter than its longest outage is too short a retention.
"""


VALUES_PAGE = """Of `deploy/helm/hearth`; its `values.schema.json` refuses all others. `settings` and what stands beside it
become the processes' own settings, which [settings](../settings.md) explains. Values that contradict each other are
refused at render.
"""


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    return {
        f"{FILES}/topics.yaml": _yaml([_topic(topic) for topic in TOPICS.values()]),
        f"{FILES}/services.yaml": _yaml({name: _service(name) for name in ALL}),
        f"{FILES}/routes.yaml": _yaml({name: paths_of(name) for name in ALL}),
        "docs/operations/topics.md": _topics_page(),
        "docs/operations/settings.md": _values_page(),
    }


def _yaml(content: Any) -> str:
    return HEAD + yaml.safe_dump(content, sort_keys=False, width=120, allow_unicode=True)


def _topic(topic: Topic) -> dict[str, Any]:
    *_, config = topic_settings(Plan(topic.partitions_production, topic.retention_days), 1)
    return {
        "name": topic.name,
        "owner": topic.owner,
        "readers": list(topic.readers),
        "partitions": {"local": topic.partitions_local, "production": topic.partitions_production},
        "config": {name: value for name, value in config.items() if name != "min.insync.replicas"},
    }


def _service(name: str) -> dict[str, Any]:
    ports = importlib.import_module(f"services.{name}.settings").PORTS
    reads = [topic.name for topic in TOPICS.values() if name in topic.readers]
    return {
        "module": f"services.{name}",
        "ports": {"http": ports.http, "grpc": ports.grpc, "admin": ports.admin},
        "reads": reads,
        "peers": sorted(PEERS) if name == "profile" else [],
    }


def paths_of(service: str) -> list[str]:
    """The paths of a service's HTTP door as regular expressions that match them whole, each once."""
    doors = yaml.safe_load(ACCESS.read_text())["doors"][service]
    paths = {door.partition(" ")[2] for door in doors if re.match(r"[A-Z]+ /", door)}
    return [_pattern(path) for path in sorted(paths)]


def _pattern(path: str) -> str:
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path))


def _values_page() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text())
    given = yaml.safe_load((CHART / "values.yaml").read_text())
    rows = list(_values(schema, schema["$defs"], given, ""))
    return f"# Values of the chart\n\n{MADE}\n{VALUES_PAGE}\n{_table(('value', 'default', 'may be', 'what'), rows)}"


def _values(node: Any, defs: Any, given: Any, path: str) -> Iterator[tuple[str, str, str, str]]:
    """A row for each value that is no map of others; what is the same for each service is told once."""
    node = {**defs[node["$ref"].rpartition("/")[2]], **node} if "$ref" in node else node
    inside = {"<name>": node["properties"]["leads"]} if path == "services" else node.get("properties")
    if inside is None or path.endswith(("resources", ".dns")):
        default = "" if given in (None, "", [], {}) else f"`{json.dumps(given, ensure_ascii=False)}`"
        yield (
            f"`{path}`",
            default if len(default) < 60 else "see values.yaml",
            _may_be(node),
            node.get("description", ""),
        )
        return
    for name, child in inside.items():
        below = given.get(name) if isinstance(given, dict) else None
        yield from _values(child, defs, below, f"{path}.{name}" if path else name)


def _may_be(node: Any) -> str:
    if "enum" in node:
        return ", ".join(f"`{each}`" for each in node["enum"])
    kind = " or ".join(node["type"]) if isinstance(node.get("type"), list) else str(node.get("type", ""))
    limits = [f"{word} {node[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in node]
    return " ".join([kind, *limits])


def _topics_page() -> str:
    rows = [
        (
            f"`{topic.name}`",
            topic.owner,
            ", ".join(topic.readers) or "whoever may",
            f"{topic.partitions_local} / {topic.partitions_production}",
            f"{topic.retention_days} days",
            topic.key,
            "yes" if topic.personal_data else "no",
            topic.about,
        )
        for topic in TOPICS.values()
    ]
    head = ("topic", "owner", "readers", "partitions local / production", "kept", "key", "personal data", "what")
    return f"# Topics\n\n{MADE}\n{TOPICS_PAGE}\n{_table(head, rows)}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
