"""What is known of a customer's satisfaction: answers of surveys, and what happened around tickets."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import nlargest

from msgspec.structs import replace

from services.service_tickets.domain.model import (
    METRICS,
    MOST_PAST,
    MOST_RESOLVED,
    CaseFile,
    Observation,
    Ticket,
)


def observations(file: CaseFile) -> list[Observation]:
    """All observations, sorted by time and fact id."""
    events = (each for ticket in file.tickets.values() for each in events_of(ticket))
    return sorted((*file.answers, *file.past, *events))


def events_of(ticket: Ticket) -> Iterator[Observation]:
    """What a ticket says of the satisfaction: that it was raised, that a promise was broken, that it ended in time."""
    if ticket.kind in ("complaint", "praise"):
        yield _event(ticket, ticket.time, "complaint_raised" if ticket.kind == "complaint" else "praise")
    for metric in METRICS:
        clock = ticket.clock(metric)
        if clock.breached and clock.due_at is not None:
            yield _event(ticket, clock.due_at, "clock_breached")
    ended = ticket.resolution
    if ended.due_at is not None and ended.met_at is not None and not ended.breached:
        yield _event(ticket, ended.met_at, "resolved_in_time")


def with_ticket(file: CaseFile, ticket: Ticket) -> CaseFile:
    """The file with a new or changed ticket; of too many resolved ones only what they said of satisfaction is kept."""
    tickets, past = {**file.tickets, ticket.ticket_id: ticket}, file.past
    resolved = sorted((_ended(each), name) for name, each in tickets.items() if each.state == "RESOLVED")
    for _, name in resolved[:-MOST_RESOLVED]:
        past = newest((*past, *events_of(tickets.pop(name))), MOST_PAST)
    return replace(file, tickets=dict(sorted(tickets.items())), past=past)


def newest(found: Sequence[Observation], most: int) -> tuple[Observation, ...]:
    """The newest observations, the oldest of them first."""
    return tuple(sorted(nlargest(most, found)))


def _ended(ticket: Ticket) -> tuple[datetime, str]:
    assert ticket.resolution.met_at is not None, "only resolved tickets are asked"
    return ticket.resolution.met_at, ticket.ticket_id


def _event(ticket: Ticket, time: datetime, kind: str) -> Observation:
    return Observation(time, ticket.id, ticket.source, kind)
