"""Complaints and requests become tickets. Their clocks start at the fact's time, however late it comes."""

from collections.abc import Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from contracts.facts.complaints import ComplaintRaised, RequestRaised
from contracts.facts.tickets import TicketOpened
from services.service_tickets.domain.errors import TooManyOpenTickets
from services.service_tickets.domain.model import MOST_OPEN, CaseFile, Clock, Ticket
from services.service_tickets.domain.observations import with_ticket
from services.service_tickets.domain.policy import Policy
from services.service_tickets.domain.telling import because, told

Told = tuple[CaseFile, Sequence[Effect]]


def open_ticket_for_complaint(file: CaseFile, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Every complaint is a ticket of its own."""
    return _opened(file, fact, "complaint", policy)


def open_ticket_for_request(file: CaseFile, fact: Fact, now: datetime, policy: Policy) -> Told:
    """So is every request, of the kind it says."""
    return _opened(file, fact, fact.data.kind, policy)


def _opened(file: CaseFile, fact: Fact, kind: str, policy: Policy) -> Told:
    if sum(ticket.state != "RESOLVED" for ticket in file.tickets.values()) >= MOST_OPEN:
        raise TooManyOpenTickets(f"a customer may have {MOST_OPEN} open tickets")
    ticket = _ticket(fact, fact.data, kind, policy)
    after = with_ticket(file, ticket)
    return after, [Effect("opened", _told_of(ticket, fact, policy)), *told(file, after, fact, policy)]


def _ticket(fact: Fact, data: ComplaintRaised | RequestRaised, kind: str, policy: Policy) -> Ticket:
    return Ticket(
        fact.time,
        fact.source,
        fact.id,
        kind,
        Clock(policy.due("first_response", kind, fact.time)),
        Clock(policy.due("resolution", kind, fact.time)),
        data.case_id or "",
        (data.about.kind, data.about.id) if data.about else ("", ""),
        data.project_id or "",
        data.category or "",
        data.severity or "",
        data.safety,
        data.agent_id or "",
    )


def _told_of(ticket: Ticket, fact: Fact, policy: Policy) -> TicketOpened:
    data = fact.data
    return TicketOpened(
        ticket.ticket_id,
        ticket.code,
        ticket.kind,  # type: ignore[arg-type]
        policy.version,
        because(fact),
        ticket.time,
        ticket.first_response.due_at,
        ticket.resolution.due_at,
        data.case_id,
        data.about,
        data.project_id,
        data.category,
        data.severity,
        data.safety,
        data.agent_id,
    )
