"""Facts into the book. No fact is refused for coming before another; what they make of the leads is published."""

from bisect import insort
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.leads import LeadCaptured, LeadContacted
from services.leads.domain.model import (
    MOST_DEAL_FACTS,
    MOST_EVENTS,
    MOST_FIRSTS,
    MOST_TOUCHES,
    DealFact,
    Event,
    First,
    LeadBook,
    Noted,
    Touch,
)
from services.leads.domain.telling import differences

Kept = TypeVar("Kept", bound=Noted)
Told = tuple[LeadBook, Sequence[Effect]]


def capture_lead(book: LeadBook, fact: Fact, now: datetime, policy: object) -> Told:
    """Interest makes a lead, or is one more touch of the one that is open for the project."""
    data: LeadCaptured = fact.data
    campaign = data.campaign
    named = (campaign.source or "", campaign.medium or "", campaign.name or "") if campaign else ()
    touch = Touch(*_mark(fact), data.project_id, data.channel, data.agent_id or "", *named)
    after = replace(book, touches=_kept(book.touches, touch, MOST_TOUCHES))
    return _told(book, _first(after, fact, data.project_id, "capture"), fact)


def note_contact(book: LeadBook, fact: Fact, now: datetime, policy: object) -> Told:
    """A contact, of the lead it names, or of the one its project and time point to; it may come before its lead."""
    data: LeadContacted = fact.data
    real = data.effective or data.outcome == "connected"
    named = (data.project_id or "", data.lead_id or "", data.agent_id or "")
    return _event(book, fact, Event(*_mark(fact), "contacted", *named, real))


def note_visit(book: LeadBook, fact: Fact, now: datetime, policy: object) -> Told:
    """A visit that was agreed, happened or was missed; whoever comes without having been captured is a lead too."""
    data, kind = fact.data, fact.type.split(".")[2]
    event = Event(*_mark(fact), kind, data.project_id, "", data.agent_id or "", kind == "completed")
    return _event(_first(book, fact, data.project_id, "visit"), fact, event, book)


def advance_deal(book: LeadBook, fact: Fact, now: datetime, policy: object) -> Told:
    """A deal that was reserved, subscribed or signed carries its lead along, captured or not."""
    data, kind = fact.data, fact.type.split(".")[2]
    noted = DealFact(
        *_mark(fact), kind, data.deal_id, data.project_id, _fen(getattr(data, "price", None)), "", data.agent_id or ""
    )
    return _deal(_first(book, fact, data.project_id, "deal"), fact, noted, book)


def change_deal(book: LeadBook, fact: Fact, now: datetime, policy: object) -> Told:
    """A new price decides what a full cancellation is; other changes move no lead."""
    data = fact.data
    if data.price is None:
        return book, ()
    return _deal(book, fact, DealFact(*_mark(fact), "changed", data.deal_id, "", _fen(data.price)))


def cancel_deal(book: LeadBook, fact: Fact, now: datetime, policy: object) -> Told:
    """A cancellation: with all deals of a lead cancelled in full the lead is lost, otherwise nothing changes."""
    data = fact.data
    noted = DealFact(*_mark(fact), "cancelled", data.deal_id, "", _fen(data.cancelled_amount), data.stage)
    return _deal(book, fact, noted)


def _event(book: LeadBook, fact: Fact, event: Event, before: LeadBook | None = None) -> Told:
    return _told(before or book, replace(book, events=_kept(book.events, event, MOST_EVENTS)), fact)


def _deal(book: LeadBook, fact: Fact, noted: DealFact, before: LeadBook | None = None) -> Told:
    return _told(before or book, replace(book, deals=_kept(book.deals, noted, MOST_DEAL_FACTS)), fact)


def _told(before: LeadBook, after: LeadBook, fact: Fact) -> Told:
    return after, differences(before, after, fact, _concerned(after, fact))


def _concerned(book: LeadBook, fact: Fact) -> set[str] | None:
    """The projects whose leads a fact can change; None = any, because some contact is not placed by its project."""
    if any(event.lead or not event.project for event in book.events):
        return None
    deal = getattr(fact.data, "deal_id", None)
    named = {each.project for each in book.deals if each.deal == deal and each.project} if deal else set()
    project = getattr(fact.data, "project_id", None)
    return named | {project} if project else named


def _kept(facts: tuple[Kept, ...], fact: Kept, most: int) -> tuple[Kept, ...]:
    """The facts and one more in their order, without the oldest where there are too many."""
    if not facts or facts[-1].mark < fact.mark:
        return (*facts, fact)[-most:]
    ordered = list(facts)
    insort(ordered, fact, key=lambda each: each.mark)
    return tuple(ordered[-most:])


def _first(book: LeadBook, fact: Fact, project: str, origin: str) -> LeadBook:
    first, known = First(*_mark(fact), origin), book.firsts.get(project)
    if known is not None and known.mark <= first.mark:
        return book
    firsts = {**book.firsts, project: first}
    if len(firsts) > MOST_FIRSTS:
        del firsts[max(firsts, key=lambda name: firsts[name].mark)]
    return replace(book, firsts=dict(sorted(firsts.items())))


def _mark(fact: Fact) -> tuple[datetime, str, str]:
    return fact.time, fact.source, fact.id


def _fen(money: Any) -> int:
    return -1 if money is None else int(Decimal(money.amount) * 100)
