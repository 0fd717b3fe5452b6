"""Folding facts into a file, and what must be true of every file at any time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from chassis.fold.model import Key
from contracts.catalog import RULES as CATALOG
from contracts.codes import code_of, opened_id
from contracts.fact import Effect, Fact
from contracts.facts.complaints import ComplaintRaised, RequestRaised
from contracts.fields import About
from services.service_tickets.domain import commands
from services.service_tickets.domain.model import EMPTY, CaseFile
from services.service_tickets.domain.observations import observations
from services.service_tickets.domain.policy import Policy, policy_from
from services.service_tickets.store.file import waits_for
from services.service_tickets.timers.due import SOURCE, make_due
from services.service_tickets.worker.table import RULES
from tests.unit.facts import CUSTOMER, fact

POLICY_FILE = Path(__file__).parents[3] / "services" / "service_tickets" / "policy" / "service_tickets.yaml"
POLICY: Policy = policy_from(yaml.safe_load(POLICY_FILE.read_text("utf-8")))


def complaint(time: datetime, fact_id: str = "X1", source: str = "/test") -> Fact:
    """A leak."""
    data = ComplaintRaised(
        "app", "leak", case_id=f"case-{fact_id}", project_id="P1", severity="high", about=About("unit", "U-12")
    )
    return fact(data, time, fact_id, source)


def request(time: datetime, kind: Any = "repair", fact_id: str = "R1") -> Fact:
    """A request of a kind."""
    return fact(RequestRaised(kind, "app"), time, fact_id)


def ticket_id(fact_id: str = "X1", source: str = "/test") -> str:
    """The id of the ticket a fact raises."""
    return opened_id("ticket", source, fact_id)


def respond(time: datetime, of: str = "X1", command_id: str = "c-respond") -> Fact:
    """A first answer."""
    return fact(commands.RespondTicket(ticket_id(of), "A-1"), time, command_id, SOURCE)


def resolve(time: datetime, of: str = "X1", command_id: str = "c-resolve") -> Fact:
    """The end of the matter."""
    return fact(commands.ResolveTicket(ticket_id(of), "A-1", "repaired"), time, command_id, SOURCE)


def due(file: CaseFile) -> Fact:
    """The next timer that fires on this file."""
    waiting = waits_for(file)
    assert waiting is not None
    return make_due(Key("file", CUSTOMER), waiting, waiting.at + timedelta(seconds=1))


def apply(file: CaseFile, each: Fact, policy: Policy = POLICY) -> tuple[CaseFile, list[Any]]:
    """One fact through its rule, what it says checked; the file and the bodies published."""
    after, effects = RULES[each.type].apply(file, each, each.recorded_at, policy)
    check_effects(each, effects)
    return after, [effect.data for effect in effects]


def fold(facts: Iterable[Fact], file: CaseFile = EMPTY) -> tuple[CaseFile, list[Any]]:
    """Facts through their rules in the order given; the file, and what it published."""
    published: list[Any] = []
    for each in facts:
        file, said = apply(file, each)
        published += said
    check(file)
    return file, published


def check(file: CaseFile) -> None:
    """It survives being stored, its keys and observations are in order, tickets stand under their ids."""
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(file), type=CaseFile) == file
    assert list(file.tickets) == sorted(file.tickets)
    assert all(ticket.ticket_id == name for name, ticket in file.tickets.items())
    assert [*file.answers] == sorted(file.answers) and [*file.past] == sorted(file.past)
    assert observations(file) == sorted(observations(file))


def check_effects(cause: Fact, effects: Iterable[Effect]) -> None:
    """Effects have distinct names, the catalog allows them, and codes are those of the ids."""
    effects = list(effects)
    assert len({(effect.name, effect.natural) for effect in effects}) == len(effects)
    allowed = {name for rule in CATALOG.values() if cause.type in rule.causes for name in rule.emits}
    for effect in effects:
        data: Any = effect.data
        assert data.TYPE in allowed
        assert not hasattr(data, "ticket_id") or data.code == code_of("T", data.ticket_id)
        assert msgspec.json.decode(msgspec.json.encode(data), type=type(data)) == data
