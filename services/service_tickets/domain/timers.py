"""What becomes due by itself: clocks run out."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from services.service_tickets.domain.commands import Due
from services.service_tickets.domain.model import METRICS, CaseFile
from services.service_tickets.domain.observations import with_ticket
from services.service_tickets.domain.policy import Policy
from services.service_tickets.domain.telling import told


def next_due(file: CaseFile) -> Due | None:
    """The next clock that runs out, the earliest first; None where all is met or past."""
    waiting = [
        Due(metric, name, clock.due_at)
        for name, ticket in file.tickets.items()
        for metric in METRICS
        if (clock := ticket.clock(metric)).due_at is not None and clock.met_at is None and not clock.fired
    ]
    return min(waiting, key=lambda due: (due.due_at, due.kind, due.ticket_id), default=None)


def fire_due(file: CaseFile, fact: Fact, now: datetime, policy: Policy) -> tuple[CaseFile, Sequence[Effect]]:
    """The clock has run out: breached, unless it was met in time. A ticket that is gone is left alone."""
    due: Due = fact.data
    ticket = file.tickets.get(due.ticket_id)
    if ticket is None:
        return file, ()
    fired = replace(ticket, **{due.kind: replace(ticket.clock(due.kind), fired=True)})
    after = with_ticket(file, fired)
    return after, told(file, after, fact, policy)
