"""`hearth doctor`: services, topics, dead letters and how far each service is behind the log."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from chassis.fold.ports import Transient
from chassis.stream.topics import TopicFound, Topics
from contracts.catalog import TOPICS
from hearth.cli.ask import ask_admin
from hearth.cli.dead import letters
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS, bootstrap, topic
from hearth.cli.show import console

State = Mapping[str, Any]


def examine() -> None:
    """Print what is found. Raises `CliError` if anything is not as it must be."""
    states = {service: _service(service) for service in DOORS}
    wrong = [f"{service} is not ready" for service, state in states.items() if state is None]
    wrong += _topics()
    found = {service: state for service, state in states.items() if state is not None}
    _behind(found)
    for service in found:
        _dead(service)
    if wrong:
        raise CliError("; ".join(wrong))


def _service(service: str) -> State | None:
    """What a service says of itself; None if it is not ready."""
    try:
        verdict, state = ask_admin(service, "/readyz"), ask_admin(service, "/v1/state")
    except CliError as error:
        _say("[red]down [/]", f"{service}: {error}")
        return None
    counts = ", ".join(f"{name} {value}" for name, value in state["counts"].items())
    why = f" ({'; '.join(verdict['reasons'])})" if verdict["reasons"] else ""
    mark = "[green]ready[/]" if verdict["ok"] else "[red]not ready[/]"
    _say(mark, f"{service}{why}: {len(state['lanes'])} lanes; {counts}")
    return state if verdict["ok"] else None


def _topics() -> list[str]:
    """What is wrong with the topics of the catalog."""
    try:
        found = asyncio.run(Topics(bootstrap()).find(topic(name) for name in TOPICS))
    except Transient as error:
        _say("[red]down [/]", f"broker at {bootstrap()}: {error}")
        return ["the broker does not answer"]
    wrong = list(_misfits(found))
    partitions = sum(each.partitions for each in found.values())
    mark = "[red]wrong[/]" if wrong else "[green]ok   [/]"
    _say(mark, f"topics: {len(found)} of {len(TOPICS)} with {partitions} partitions{_listed(wrong)}")
    return wrong


def _misfits(found: Mapping[str, TopicFound]) -> Iterator[str]:
    for name, plan in TOPICS.items():
        there = found.get(topic(name))
        if there is None:
            yield f"topic {topic(name)} does not exist"
        elif there.partitions not in (plan.partitions_local, plan.partitions_production):
            yield f"topic {topic(name)} has {there.partitions} partitions, the catalog says {plan.partitions_local}"


def _behind(states: Mapping[str, State]) -> None:
    """How many records of the log each service has still to read."""
    places = {name: dict(_positions(state)) for name, state in states.items()}
    try:
        ends = asyncio.run(Topics(bootstrap()).ends({place for mine in places.values() for place in mine}))
    except Transient:
        return  # that the broker is down was said
    for service, mine in places.items():
        lag = sum(max(0, ends[place] - position) for place, position in mine.items())
        stopped = [lane for lane, now in states[service]["lanes"].items() if now["stopped_by"]]
        mark = "[red]stop [/]" if stopped else "[green]ok   [/]" if lag == 0 else "[yellow]lag  [/]"
        _say(mark, f"{service} is {lag} records behind the log{_listed(stopped)}")


def _positions(state: State) -> Iterator[tuple[tuple[str, int], int]]:
    for lane, now in state["lanes"].items():
        name, _, partition = lane.removesuffix("]").rpartition("[")
        yield (name, int(partition)), max(0, now["position"])


def _dead(service: str) -> None:
    waiting = letters(service, "")["waiting"]
    counted = ", ".join(f"{code} {number}" for code, number in sorted(waiting.items()))
    mark = "[yellow]dead [/]" if waiting else "[green]ok   [/]"
    _say(mark, f"{service} has {sum(waiting.values())} dead letters{f': {counted}' if counted else ''}")


def _listed(names: list[str]) -> str:
    return f": {'; '.join(names)}" if names else ""


def _say(mark: str, text: str) -> None:
    console.print(f"{mark} ", end="")
    console.print(text, highlight=False, markup=False)
