"""What the HTTP door answers, as JSON."""

from datetime import datetime

from pydantic import BaseModel

from services.service_tickets.api.tickets import Found
from services.service_tickets.domain.model import Clock
from services.service_tickets.domain.satisfaction import Part, Satisfaction


class ClockView(BaseModel):
    """A promise: INACTIVE, RUNNING, BREACHED, MET or MET_LATE; when due, when met."""

    state: str
    due_at: datetime | None
    met_at: datetime | None


class AboutView(BaseModel):
    """What the sender said the ticket is about."""

    kind: str
    id: str


class TicketView(BaseModel):
    """A complaint or request. `code` is for people, `case_id` the sender's number, `raised_by` the fact."""

    ticket_id: str
    code: str
    customer_id: str
    kind: str
    state: str
    raised_at: datetime
    first_response: ClockView
    resolution: ClockView
    case_id: str | None
    about: AboutView | None
    project_id: str | None
    category: str | None
    severity: str | None
    safety: bool
    agent_id: str | None
    outcome: str | None
    raised_by: dict[str, str]


class ScoreView(BaseModel):
    """From 0 to 100, how sure that is (0 to 1), and to how many fresh answers it amounts."""

    score: float
    confidence: float
    n_eff: float


class PartView(BaseModel):
    """An answer or event that made the score: its value, its weight, and what is left of the weight at `as_of`."""

    time: datetime
    kind: str
    stage: str | None
    x: float
    weight: float
    weight_now: float
    source: str
    id: str


class SatisfactionView(BaseModel):
    """`stated` from answers alone, `overall` with what happened too, `stages` from one stage's answers; and why."""

    customer_id: str
    as_of: datetime
    stated: ScoreView
    overall: ScoreView
    stages: dict[str, ScoreView]
    observations: list[PartView]


def ticket_view(found: Found) -> TicketView:
    """A ticket as JSON."""
    ticket = found.ticket
    return TicketView(
        ticket_id=ticket.ticket_id,
        code=ticket.code,
        customer_id=found.customer_id,
        kind=ticket.kind,
        state=ticket.state,
        raised_at=ticket.time,
        first_response=_clock(ticket.first_response),
        resolution=_clock(ticket.resolution),
        case_id=ticket.case_id or None,
        about=AboutView(kind=ticket.about[0], id=ticket.about[1]) if ticket.about[0] else None,
        project_id=ticket.project or None,
        category=ticket.category or None,
        severity=ticket.severity or None,
        safety=ticket.safety,
        agent_id=ticket.agent or None,
        outcome=ticket.outcome or None,
        raised_by={"source": ticket.source, "id": ticket.id},
    )


def satisfaction_view(customer_id: str, found: Satisfaction) -> SatisfactionView:
    """A score as JSON, with all that made it."""
    return SatisfactionView(
        customer_id=customer_id,
        as_of=found.as_of,
        stated=score_view(found.stated),
        overall=score_view(found.overall),
        stages={stage: score_view(score) for stage, score in found.stages.items()},
        observations=[_part(part) for part in found.parts],
    )


def score_view(score: object) -> ScoreView:
    """A figure as JSON."""
    return ScoreView.model_validate(score, from_attributes=True)


def _clock(clock: Clock) -> ClockView:
    return ClockView(state=clock.state, due_at=clock.due_at, met_at=clock.met_at)


def _part(part: Part) -> PartView:
    own = part.observation
    return PartView(
        time=own.time,
        kind=own.kind,
        stage=own.stage or None,
        x=part.x,
        weight=part.weight,
        weight_now=round(part.now, 6),
        source=own.source,
        id=own.id,
    )
