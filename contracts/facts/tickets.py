"""What service_tickets publishes: tickets, their clocks, and how satisfied a customer is."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.base import Because, FactData
from contracts.facts.complaints import RequestKind, Severity
from contracts.fields import About, Code, Id, Moment

TicketKind = Literal["complaint"] | RequestKind
TicketState = Literal["NEW", "IN_PROGRESS", "RESOLVED"]
Metric = Literal["first_response", "resolution"]


class TicketOpened(FactData, frozen=True):
    """A complaint or request became a ticket. `case_id` and `about` are the sender's; `code` is for people.

    The due times are those of its clocks under the policy in force; absent where that kind has no such clock.
    """

    TYPE = "crm.ticket.opened.v1"

    ticket_id: Id
    code: str
    kind: TicketKind
    policy_version: str
    because: Because
    raised_at: Moment
    first_response_due: Moment | None = None
    resolution_due: Moment | None = None
    case_id: Id | None = None
    about: About | None = None
    project_id: Id | None = None
    category: Code | None = None
    severity: Severity | None = None
    safety: bool = False
    agent_id: Id | None = None


class TicketResponded(FactData, frozen=True):
    """The customer was answered for the first time. `late`: after the clock had run out."""

    TYPE = "crm.ticket.responded.v1"

    ticket_id: Id
    code: str
    late: bool
    responded_at: Moment
    because: Because
    agent_id: Id | None = None


class TicketResolved(FactData, frozen=True):
    """The matter is settled. `late`: after the clock had run out."""

    TYPE = "crm.ticket.resolved.v1"

    ticket_id: Id
    code: str
    late: bool
    resolved_at: Moment
    because: Because
    outcome: Code | None = None
    agent_id: Id | None = None


class SuggestionAccepted(FactData, frozen=True):
    """What the customer suggested will be done: the ticket was resolved with the outcome `accepted`."""

    TYPE = "crm.suggestion.accepted.v1"

    ticket_id: Id
    code: str
    because: Because
    project_id: Id | None = None


class SlaBreached(FactData, frozen=True):
    """What was promised for `due_at` had not happened by then."""

    TYPE = "crm.sla.breached.v1"

    ticket_id: Id
    code: str
    metric: Metric
    due_at: Moment
    because: Because


class SlaBreachWithdrawn(FactData, frozen=True):
    """It had happened in time after all, at `met_at`; that became known only after the breach was published."""

    TYPE = "crm.sla.breach_withdrawn.v1"

    ticket_id: Id
    code: str
    metric: Metric
    due_at: Moment
    met_at: Moment
    because: Because


class Score(msgspec.Struct, frozen=True, gc=False):
    """Satisfaction from 0 to 100, how sure that is (0 to 1), and to how many fresh answers of weight 1 it amounts."""

    score: Annotated[float, Meta(ge=0, le=100)]
    confidence: Annotated[float, Meta(ge=0, le=1)]
    n_eff: Annotated[float, Meta(ge=0)]


class SatisfactionChanged(FactData, frozen=True):
    """The customer's satisfaction at `as_of`: `stated` from answers alone, `overall` with what happened too.

    `as_of` is the time of what caused the change, or of the newest observation where that is later.
    """

    TYPE = "crm.satisfaction.changed.v1"

    as_of: Moment
    stated: Score
    overall: Score
    policy_version: str
    because: Because
