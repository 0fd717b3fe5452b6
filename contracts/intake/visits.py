"""Visits, as the sales-office app sends them."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.fields import Code, Id, Moment
from contracts.intake.people import Intake


class VisitScheduled(Intake, frozen=True):
    """A visit was agreed for a time."""

    TYPE = "crm.visit.scheduled.v1"

    visit_id: Id
    project_id: Id
    starts_at: Moment
    agent_id: Id | None = None
    channel: Code | None = None


class VisitCompleted(Intake, frozen=True):
    """The customer was there. `party_size` counts the people, the customer included.

    `check_in_code` is the one-time code the customer showed, as proof of having been there.
    """

    TYPE = "crm.visit.completed.v1"

    visit_id: Id
    project_id: Id
    agent_id: Id | None = None
    channel: Code | None = None
    party_size: Annotated[int, Meta(ge=1, le=100)] = 1
    units_seen: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    occasion: Literal["first", "return"] | None = None
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    check_in_code: Id | None = None


class VisitMissed(Intake, frozen=True):
    """The customer did not come to an agreed visit."""

    TYPE = "crm.visit.missed.v1"

    visit_id: Id
    project_id: Id
    agent_id: Id | None = None
    reason: Code | None = None
