"""Which leads the facts of a book make, and where each stands. Derived from all facts at once, so order is nothing.

A project's first fact of interest (a capture, a visit, a deal) opens a lead, and all later ones join it, until all its
deals are cancelled in full: the next one opens another lead. A lead's state is the highest stage its facts reach.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from contracts.codes import code_of, opened_id
from contracts.facts.pipeline import LeadState
from services.leads.domain.deals import Deal, deals_of
from services.leads.domain.model import Event, LeadBook, Mark, Touch

REACHED: dict[str, LeadState] = {"reserved": "RESERVED", "subscribed": "SUBSCRIBED", "signed": "WON"}
ORDER: tuple[LeadState, ...] = ("NEW", "ASSIGNED", "CONTACTED", "VISITED", "RESERVED", "SUBSCRIBED", "WON")


class Opener(NamedTuple):
    """A fact that opens a lead where none is open: its place, and what it was (capture, visit, deal)."""

    mark: Mark
    origin: str
    project: str


class Lead(NamedTuple):
    """One lead. `ids` are all ids that find it: its own, and those of later facts that would have opened it.

    `lost_at` is the time of the last cancellation, `agent_id` the newest that a fact named.
    """

    id: str
    ids: frozenset[str]
    project_id: str
    state: LeadState
    origin: str
    opened_at: datetime
    lost_at: datetime | None
    agent_id: str
    touches: tuple[Touch, ...]
    events: tuple[Event, ...]
    deals: tuple[Deal, ...]

    @property
    def code(self) -> str:
        """The lead's name for people."""
        return code_of("L", self.id)


class Span(NamedTuple):
    """The part of a project's facts that is one lead: its openers, its deals, and what lost it."""

    openers: tuple[Opener, ...]
    deals: tuple[Deal, ...]
    lost: Mark | None

    @property
    def id(self) -> str:
        """That of the earliest fact."""
        return _id(self.openers[0])


def leads_of(book: LeadBook, projects: Collection[str] | None = None) -> list[Lead]:
    """The leads of a customer, by project and then by time; of some projects only, if all contacts name theirs."""
    if projects is not None:
        return [lead for lead in leads_of(_narrowed(book, projects)) if lead.project_id in projects]
    spans = _spans(book)
    ids = {project: [frozenset(map(_id, span.openers)) for span in mine] for project, mine in spans.items()}
    events = _placed(book, spans, ids)
    return [
        _lead(book, project, span, ids[project][place], events.get((project, place), ()))
        for project, mine in spans.items()
        for place, span in enumerate(mine)
    ]


def _narrowed(book: LeadBook, projects: Collection[str]) -> LeadBook:
    deals = {fact.deal for fact in book.deals if fact.project in projects}
    return LeadBook(
        tuple(touch for touch in book.touches if touch.project in projects),
        tuple(event for event in book.events if event.project in projects),
        tuple(fact for fact in book.deals if fact.deal in deals),
        {project: first for project, first in book.firsts.items() if project in projects},
    )


def _spans(book: LeadBook) -> dict[str, list[Span]]:
    openers: dict[str, list[Opener]] = {}
    for opener in sorted(set(_openers(book))):
        openers.setdefault(opener.project, []).append(opener)
    deals: dict[str, list[Deal]] = {}
    for deal in deals_of(book.deals):
        deals.setdefault(deal.project, []).append(deal)
    return {project: _split(mine, deals.get(project, [])) for project, mine in sorted(openers.items())}


def _openers(book: LeadBook) -> Iterator[Opener]:
    for touch in book.touches:
        yield Opener(touch.mark, "capture", touch.project)
    for event in book.events:
        if event.kind != "contacted":
            yield Opener(event.mark, "visit", event.project)
    for fact in book.deals:
        if fact.project:
            yield Opener(fact.mark, "deal", fact.project)
    for project, first in book.firsts.items():
        yield Opener(first.mark, first.origin, project)


def _split(openers: list[Opener], deals: list[Deal]) -> list[Span]:
    """Cut where every deal begun so far has ended; the cut is the last cancellation."""
    spans: list[Span] = []
    group: list[Deal] = []
    for deal in deals:
        end = _end(group)
        if end is not None and deal.began > end:
            spans.append(Span(tuple(o for o in openers if o.mark <= end), tuple(group), end))
            openers, group = [o for o in openers if o.mark > end], []
        group.append(deal)
    return spans + _last(openers, group)


def _last(openers: list[Opener], group: list[Deal]) -> list[Span]:
    end = _end(group)
    if end is None:
        return [Span(tuple(openers), tuple(group), None)] if openers else []
    until, after = [o for o in openers if o.mark <= end], [o for o in openers if o.mark > end]
    rest = [Span(tuple(after), (), None)] if after else []
    return [Span(tuple(until), tuple(group), end), *rest] if until else rest


def _end(group: list[Deal]) -> Mark | None:
    ends = [deal.ended for deal in group if deal.ended is not None]
    return max(ends) if ends and len(ends) == len(group) else None


def _placed(
    book: LeadBook, spans: dict[str, list[Span]], ids: dict[str, list[frozenset[str]]]
) -> dict[tuple[str, int], list[Event]]:
    by_id = {id_: (project, place) for project, mine in ids.items() for place, own in enumerate(mine) for id_ in own}
    only = [(project, 0) for project, mine in spans.items() if len(mine) == 1]
    alone = only[0] if len(only) == len(spans) == 1 else None
    placed: dict[tuple[str, int], list[Event]] = {}
    for event in book.events:
        at = by_id.get(event.lead) or _by_time(event, spans.get(event.project, ()))
        at = at or (alone if not event.project else None)
        if at is not None:
            placed.setdefault(at, []).append(event)
    return placed


def _by_time(event: Event, spans: Iterable[Span]) -> tuple[str, int] | None:
    """The lead of the event's project that was open at its time; before the first the first, after the last the last."""
    at = None
    for place, span in enumerate(spans):
        if at is None or span.openers[0].mark <= event.mark:
            at = (event.project, place)
    return at


def _lead(book: LeadBook, project: str, span: Span, ids: frozenset[str], events: Iterable[Event]) -> Lead:
    first, events = span.openers[0], tuple(events)
    marks = {opener.mark for opener in span.openers}
    touches = tuple(touch for touch in book.touches if touch.project == project and touch.mark in marks)
    agent = _agent(book, events, touches, span)
    lost_at = span.lost.time if span.lost else None
    state = "LOST" if span.lost else _state(span, events, agent)
    return Lead(
        span.id, ids, project, state, first.origin, first.mark.time, lost_at, agent, touches, events, span.deals
    )


def _state(span: Span, events: tuple[Event, ...], agent: str) -> LeadState:
    reached: set[LeadState] = {"NEW", *(REACHED[deal.stage] for deal in span.deals)}
    if agent:
        reached.add("ASSIGNED")
    for event in events:
        if event.real:
            reached.add("VISITED" if event.kind == "completed" else "CONTACTED")
    return max(reached, key=ORDER.index)


def _agent(book: LeadBook, events: tuple[Event, ...], touches: tuple[Touch, ...], span: Span) -> str:
    own = {deal.id for deal in span.deals}
    deals = (fact for fact in book.deals if fact.deal in own)
    named = [(fact.mark, fact.agent) for fact in chain(events, touches, deals) if fact.agent]
    return max(named)[1] if named else ""


def _id(opener: Opener) -> str:
    return opened_id("lead", opener.mark.source, opener.mark.id)
