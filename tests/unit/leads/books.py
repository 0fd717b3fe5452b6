"""Folding facts into a book of leads, and what must be true of every book at any time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from contracts.catalog import RULES as CATALOG
from contracts.codes import code_of
from contracts.fact import Effect, Fact
from contracts.facts.deals import DealReserved
from contracts.facts.leads import Campaign, LeadCaptured, LeadContacted
from services.leads.domain.model import EMPTY, LeadBook
from services.leads.domain.pipeline import Lead, leads_of
from services.leads.worker.table import RULES
from tests.unit.facts import fact


def captured(time: datetime, fact_id: str = "C1", project: str = "P1", agent: str | None = None) -> Fact:
    """A form of the website."""
    campaign = Campaign(source="baidu", medium="cpc", name="spring")
    return fact(LeadCaptured(project, "web", campaign, agent_id=agent), time, fact_id)


def contacted(time: datetime, fact_id: str = "K1", outcome: Any = "connected", **named: Any) -> Fact:
    """A call."""
    return fact(LeadContacted(outcome, "phone", **named), time, fact_id)


def reserved(time: datetime, deal_id: str = "D1", project: str = "P1") -> Fact:
    """A reservation."""
    return fact(DealReserved(deal_id, project), time, f"{deal_id}-reserved")


def apply(book: LeadBook, each: Fact) -> tuple[LeadBook, list[Effect]]:
    """One fact through its rule, what it says checked."""
    after, effects = RULES[each.type].apply(book, each, each.recorded_at, None)
    check_effects(each, effects)
    return after, list(effects)


def fold(facts: Iterable[Fact], book: LeadBook = EMPTY) -> tuple[LeadBook, list[Any]]:
    """Facts through their rules in the order given; the book, and what it published."""
    published: list[Any] = []
    for each in facts:
        book, effects = apply(book, each)
        published += [effect.data for effect in effects]
    check(book)
    return book, published


def leads(facts: Iterable[Fact]) -> list[Lead]:
    """The leads these facts make."""
    return leads_of(fold(facts)[0])


def check(book: LeadBook) -> None:
    """It survives being stored, its facts are in order, and no two leads share an id."""
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(book), type=LeadBook) == book
    for kept in (book.touches, book.events, book.deals):
        assert [each.mark for each in kept] == sorted(each.mark for each in kept)
    found = leads_of(book)
    ids = [id_ for lead in found for id_ in lead.ids]
    assert len(ids) == len(set(ids))
    assert all(lead.id in lead.ids for lead in found)


def check_effects(cause: Fact, effects: Iterable[Effect]) -> None:
    """Effects have distinct names, the catalog allows them, and codes are those of the ids."""
    effects = list(effects)
    assert len({(effect.name, effect.natural) for effect in effects}) == len(effects)
    allowed = {name for rule in CATALOG.values() if cause.type in rule.causes for name in rule.emits}
    for effect in effects:
        data: Any = effect.data
        assert data.TYPE in allowed
        assert data.code == code_of("L", data.lead_id)
        assert msgspec.json.decode(msgspec.json.encode(data), type=type(data)) == data
