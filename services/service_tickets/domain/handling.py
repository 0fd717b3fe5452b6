"""Answering and resolving tickets: commands, which count at the command's own time."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.tickets import SuggestionAccepted, TicketResolved, TicketResponded
from services.service_tickets.domain import commands
from services.service_tickets.domain.errors import AlreadyResolved, AlreadyResponded, NotYetRaised, UnknownTicket
from services.service_tickets.domain.model import CaseFile, Ticket
from services.service_tickets.domain.observations import with_ticket
from services.service_tickets.domain.policy import Policy
from services.service_tickets.domain.telling import because, told

Told = tuple[CaseFile, Sequence[Effect]]


def respond_ticket(file: CaseFile, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The first answer stops the first clock: met, or met late."""
    command: commands.RespondTicket = fact.data
    was = _open(file, command.ticket_id, fact)
    if was.first_response.met_at is not None:
        raise AlreadyResponded("only the first answer stops the clock", "/ticket_id")
    ticket = _answered(was, fact, command.agent_id)
    after = with_ticket(file, ticket)
    return after, [_responded(ticket, fact), *told(file, after, fact, policy)]


def resolve_ticket(file: CaseFile, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The end of the matter; where nobody had answered, it is the answer too."""
    command: commands.ResolveTicket = fact.data
    was = _open(file, command.ticket_id, fact)
    ticket = _answered(was, fact, command.agent_id)
    resolution = replace(ticket.resolution, met_at=fact.time)
    ticket = replace(ticket, resolution=resolution, outcome=command.outcome or "")
    after = with_ticket(file, ticket)
    answer = [_responded(ticket, fact)] if was.first_response.met_at is None else []
    return after, [*answer, _resolved(ticket, fact), *_accepted(ticket, fact), *told(file, after, fact, policy)]


def _open(file: CaseFile, ticket_id: str, fact: Fact) -> Ticket:
    ticket = file.tickets.get(ticket_id)
    if ticket is None:
        raise UnknownTicket("no such ticket is open or was resolved lately", "/ticket_id")
    if ticket.state == "RESOLVED":
        raise AlreadyResolved("the ticket was resolved before", "/ticket_id")
    if fact.time <= ticket.time:
        raise NotYetRaised("the ticket was raised at a later time than now", "/ticket_id")
    return ticket


def _answered(ticket: Ticket, fact: Fact, agent: str | None) -> Ticket:
    """With its first answer at the earliest of the times known: two doors may carry commands out in another order."""
    met = min(ticket.first_response.met_at or fact.time, fact.time)
    return replace(ticket, first_response=replace(ticket.first_response, met_at=met), agent=agent or ticket.agent)


def _responded(ticket: Ticket, fact: Fact) -> Effect:
    late, agent = ticket.first_response.breached, ticket.agent or None
    return Effect("responded", TicketResponded(ticket.ticket_id, ticket.code, late, fact.time, because(fact), agent))


def _resolved(ticket: Ticket, fact: Fact) -> Effect:
    more = (fact.time, because(fact), ticket.outcome or None, ticket.agent or None)
    return Effect("resolved", TicketResolved(ticket.ticket_id, ticket.code, ticket.resolution.breached, *more))


def _accepted(ticket: Ticket, fact: Fact) -> list[Effect]:
    """A suggestion that was accepted is worth something to its author."""
    if (ticket.kind, ticket.outcome) != ("suggestion", "accepted"):
        return []
    said = SuggestionAccepted(ticket.ticket_id, ticket.code, because(fact), ticket.project or None)
    return [Effect("accepted", said)]
