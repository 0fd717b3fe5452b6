"""`hearth doctor`: what is wrong, and what to do about it. Every finding has a code (`docs/doctor.md`)."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chassis.fold.ports import Transient
from chassis.seeing.findings import SKEW, apart, finding, unlike
from chassis.stream.topics import TopicFound, Topics
from contracts.catalog import TOPICS
from hearth.cli.ask import ask_admin
from hearth.cli.dead import letters
from hearth.cli.errors import CliError
from hearth.cli.lag import lag_of
from hearth.cli.places import DOORS, bootstrap, security, topic
from hearth.cli.show import as_json, console

Finding = Mapping[str, Any]


class Service(NamedTuple):
    """What a service says of itself: whether it is ready, its state, its checks, its lag, its dead letters by code."""

    name: str
    ready: bool
    state: Mapping[str, Any]
    checks: Mapping[str, Any]
    partitions: list[Any]
    dead: Mapping[str, int]


def examine(raw: bool = False) -> None:
    """Show what is found. Raises `CliError` if anything is not as it must be."""
    found: list[Finding] = []
    services = [service for name in DOORS if (service := _asked(name, found)) is not None]
    topics = _topics(found)
    for service in services:
        found += _of(service)
    found += unlike(service.checks for service in services if service.checks)
    if raw:
        as_json({"ok": not _wrong(found), "services": [_told(each) for each in services], "findings": found})
    else:
        _show(services, topics, found)
    if _wrong(found):
        raise CliError("; ".join(f"{each['says']} ({each['code']})" for each in _wrong(found)))


def _wrong(found: list[Finding]) -> list[Finding]:
    return [each for each in found if each["wrong"]]


def _asked(name: str, found: list[Finding]) -> Service | None:
    try:
        verdict, state = ask_admin(name, "/readyz"), ask_admin(name, "/v1/state")
        if not verdict["ok"]:
            found.append(finding("service_not_ready", name, f"{name} is not ready: {'; '.join(verdict['reasons'])}"))
        if not state["role"] or "starting" in verdict["reasons"]:
            return Service(name, False, state, {}, [], {})
        checks = _answer(name, "/v1/checks", found)
        return Service(name, verdict["ok"], state, checks, lag_of(name, found), letters(name, "?limit=1")["waiting"])
    except CliError as error:
        found.append(finding("service_down", name, f"{name} is not ready: {error}"))
        return None


def _answer(name: str, path: str, found: list[Finding]) -> Any:
    before, answer = datetime.now(UTC), ask_admin(name, path)
    if "code" in answer and "title" in answer:
        found.append(finding("not_asked", name, f"{name} {path}: {answer['detail']}"))
        return {}
    return {**answer, "off": apart(datetime.fromisoformat(answer["now"]), before, datetime.now(UTC))}


def _of(service: Service) -> Iterator[Finding]:
    yield from service.checks.get("findings", ())
    name, off = service.name, service.checks.get("off", timedelta())
    if abs(off) > SKEW:
        yield finding("clock_skew", name, f"{name}'s clock is {off.total_seconds():.1f} s off this machine's")
    for lane, now in service.state["lanes"].items():
        if now["stopped_by"]:
            yield finding("lane_stopped", name, f"{name} stopped {lane}: {now['stopped_by']}")
    behind, late = _behind(service)
    if late > 10:
        yield finding("behind", name, f"{name} is {behind} records and {late:.0f} s behind the log")
    if service.dead:
        yield finding("dead_letters", name, f"{name} has {sum(service.dead.values())} dead letters{_codes(service)}")


def _behind(service: Service) -> tuple[int, float]:
    """Records and, of the partition that is furthest behind, seconds."""
    seconds = [place["seconds"] or 0.0 for place in service.partitions]
    return sum(place["records"] for place in service.partitions), max(seconds, default=0.0)


def _topics(found: list[Finding]) -> str:
    """A line about the topics of the catalog; what is wrong with them goes to the findings."""
    try:
        there, unknown = asyncio.run(_ask_broker())
    except Transient as error:
        found.append(finding("broker_down", bootstrap(), f"the broker does not answer at {bootstrap()}: {error}"))
        return f"[red]down [/] broker at {bootstrap()}"
    misfits = list(_misfits(there))
    found += [*misfits, *(finding("topic_unknown", name, f"topic {name} is not in the catalog") for name in unknown)]
    mark = "[red]wrong[/]" if misfits else "[green]ok   [/]"
    partitions = sum(each.partitions for each in there.values())
    return f"{mark} topics: {len(there)} of {len(TOPICS)} with {partitions} partitions"


async def _ask_broker() -> tuple[dict[str, TopicFound], list[str]]:
    """The topics of the catalog that are there, and those called as ours that are not of it."""
    broker, ours = Topics(bootstrap(), security()), [topic(name) for name in TOPICS]
    return await broker.find(ours), [name for name in await broker.named(topic("crm.")) if name not in ours]


def _misfits(found: Mapping[str, TopicFound]) -> Iterator[Finding]:
    for name, plan in TOPICS.items():
        there, called = found.get(topic(name)), topic(name)
        if there is None:
            yield finding("topic_missing", called, f"topic {called} does not exist")
        elif there.partitions not in (plan.partitions_local, plan.partitions_production):
            says = f"topic {called} has {there.partitions} partitions, the catalog says {plan.partitions_local}"
            yield finding("topic_partitions", called, says)


def _told(service: Service) -> dict[str, Any]:
    behind, late = _behind(service)
    counts = service.state["counts"]
    about = {key: service.checks.get(key) for key in ("version", "table", "now", "keys")}
    own = {"service": service.name, "ready": service.ready, **about, "counts": counts}
    return {**own, "behind": {"records": behind, "seconds": late}, "dead_letters": dict(service.dead)}


def _show(services: list[Service], topics: str, found: list[Finding]) -> None:
    for service in services:
        counts = ", ".join(f"{name} {value}" for name, value in service.state["counts"].items())
        mark = "[green]ready[/]" if service.ready else "[red]not ready[/]"
        _say(mark, f"{service.name}: {len(service.state['lanes'])} lanes; {counts}")
    console.print(topics, highlight=False)
    for service in services:
        behind, late = _behind(service)
        mark = "[green]ok   [/]" if behind == 0 else "[yellow]lag  [/]"
        _say(mark, f"{service.name} is {behind} records behind the log{f', {late:.1f} s' if behind else ''}")
        mark = "[yellow]dead [/]" if service.dead else "[green]ok   [/]"
        _say(mark, f"{service.name} has {sum(service.dead.values())} dead letters{_codes(service)}")
    for each in found:
        _say("[red]wrong[/]" if each["wrong"] else "[yellow]look [/]", f"{each['code']} {each['says']}")
        _say("      ", f"→ {each['do']}")


def _codes(service: Service) -> str:
    counted = ", ".join(f"{code} {number}" for code, number in sorted(service.dead.items()))
    return f": {counted}" if counted else ""


def _say(mark: str, text: str) -> None:
    console.print(f"{mark} ", end="")
    console.print(text, highlight=False, markup=False)
