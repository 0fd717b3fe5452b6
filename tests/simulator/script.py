"""The small business that the simulator runs: rules with order, refusals, outgoing and derived facts, timers, commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chassis.fold import Due, Key, Kind, Rule

START = datetime(2026, 3, 2, tzinfo=UTC)


class Fact(NamedTuple):
    """A fact of the simulation; `data` is a tuple of plain values."""

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    recorded_at: datetime
    data: tuple = ()


class Effect(NamedTuple):
    name: str
    data: Any
    natural: str = ""
    subject: str = ""


class State(NamedTuple):
    """All facts applied, in order, and the times at which the entity wants to be woken."""

    applied: tuple[str, ...] = ()
    waits: tuple[datetime, ...] = ()


class Refused(Exception):
    code = "refused"


BROKEN: set[str] = set()
"""Facts whose rule raises until an operator has mended it; set by the run."""


def add(state: State, fact: Fact, now: datetime, policy: Any):
    if fact.id in BROKEN:
        raise ValueError("a bug in the rule")
    needs = fact.data[0] if fact.data else None
    if needs and needs not in state.applied:
        raise Refused(f"needs {needs}")
    effects = [Effect("added", fact.id)]
    if fact.id.startswith("f"):
        effects.append(Effect("told", fact.id, subject="desk"))
    return state._replace(applied=(*state.applied, fact.id)), effects


def note(state: State, fact: Fact, now: datetime, policy: Any):
    return state._replace(applied=(*state.applied, fact.id)), []


def wait(state: State, fact: Fact, now: datetime, policy: Any):
    until = START + timedelta(minutes=fact.data[0])
    return State((*state.applied, fact.id), tuple(sorted({*state.waits, until}))), []


def wake(state: State, fact: Fact, now: datetime, policy: Any):
    return State((*state.applied, fact.id), state.waits[1:]), [Effect("woken", fact.id)]


def hear(state: State, fact: Fact, now: datetime, policy: Any):
    return state._replace(applied=(*state.applied, fact.data[0])), []


def _index(state: State) -> dict[str, Any]:
    return {"due": state.waits[0] if state.waits else None}


KINDS = {
    "account": Kind(
        "account",
        "accounts",
        State,
        lambda _id: State(),
        _index,
        lambda state: Due("wake", state.waits[0]) if state.waits else None,
    ),
    "desk": Kind("desk", "desks", State, lambda _id: State(), _index),
}

RULES = {
    "add": Rule("account", lambda fact: fact.subject, add),
    "note": Rule("account", lambda fact: fact.subject, note),
    "wait": Rule("account", lambda fact: fact.subject, wait),
    "command": Rule("account", lambda fact: fact.subject, add, answer=lambda state, fact: len(state.applied)),
    "wake": Rule("account", lambda fact: fact.subject, wake),
    "told": Rule("desk", lambda fact: "desk", hear),
}


class Language:
    """The simplest published language: a record's value is the fact."""

    def type_of(self, headers, value):
        return value.type

    def knows(self, type_):
        return True

    def decode(self, record):
        return record.value

    def encode_data(self, data):
        return repr(data).encode()

    def fact(self, recorded):
        return Fact(
            recorded.source, recorded.id, recorded.type, "", recorded.time, recorded.recorded_at, eval(recorded.data)
        )

    def emit(self, effect, out_id, subject, time, recorded_at, sequence, previous):
        fact = Fact("service", out_id, effect.name, subject, time, recorded_at, (effect.data,))
        return ("self" if effect.name == "told" else "facts"), subject.encode(), fact, ()


class Policies:
    def at(self, now):
        return 1, None


def make_due(key: Key, due: Due, now: datetime) -> Fact:
    """The fact that a timer makes: its id says what and when, so it happens once."""
    return Fact("timer", f"w-{key.id}-{due.at.isoformat()}", "wake", key.id, due.at, now)
