"""What a door or a timer can ask of a file. The fact's id is the command's id, its subject the customer.

None takes a text: what is said to a customer is free text, which only profile's vault may hold.
"""

from msgspec import Struct

from contracts.facts.base import FactData
from contracts.facts.tickets import Metric
from contracts.fields import Code, Id, Moment


class RespondTicket(FactData, frozen=True):
    """The customer was answered for the first time, at the command's time."""

    TYPE = "service_tickets.respond_ticket.v1"

    ticket_id: Id
    agent_id: Id | None = None


class ResolveTicket(FactData, frozen=True):
    """The matter is settled, at the command's time; a ticket never answered is answered by that."""

    TYPE = "service_tickets.resolve_ticket.v1"

    ticket_id: Id
    agent_id: Id | None = None
    outcome: Code | None = None


class Due(FactData, frozen=True):
    """The clock of a ticket has reached its due time."""

    TYPE = "service_tickets.due.v1"

    kind: Metric
    ticket_id: Id
    due_at: Moment


COMMANDS: tuple[type[Struct], ...] = (RespondTicket, ResolveTicket, Due)
