"""The numbers of tickets and satisfaction. Files and published documents are checked here, parsed elsewhere."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta

from contracts.facts.complaints import RequestKind
from contracts.facts.surveys import Stage
from contracts.facts.tickets import Metric
from services.service_tickets.domain.errors import InvalidPolicy

Hours = Annotated[float, Meta(gt=0, le=24 * 366)] | None
Percent = Annotated[float, Meta(ge=0, le=100)]
Weight = Annotated[float, Meta(gt=0, le=100)]
Days = Annotated[float, Meta(gt=0, le=36_600)]

KINDS: tuple[str, ...] = ("complaint", *get_args(RequestKind))
EVENTS = ("complaint_raised", "clock_breached", "resolved_in_time", "praise")


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an event says of the satisfaction: as if the customer had answered `x`, with weight `w`."""

    x: Percent
    w: Weight
    half_life_days: Days | None = None


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers in force; what each means and where it comes from stands in `policy/service_tickets.yaml`."""

    version: Annotated[str, Meta(min_length=1, max_length=40)]
    first_response_hours: dict[str, Hours]
    resolution_hours: dict[str, Hours]
    prior_weight: Weight
    half_life_days: Days
    prior: Percent
    stage_priors: dict[str, Percent]
    events: dict[str, Event]

    def __post_init__(self) -> None:
        """Check that nothing is left out and nothing unknown is there."""
        _same("first_response_hours", self.first_response_hours, KINDS)
        _same("resolution_hours", self.resolution_hours, KINDS)
        _same("stage_priors", self.stage_priors, get_args(Stage))
        _same("events", self.events, EVENTS)

    def due(self, metric: Metric, kind: str, since: datetime) -> datetime | None:
        """When a clock that started at `since` runs out; None where the kind has none. Calendar time."""
        hours = (self.first_response_hours if metric == "first_response" else self.resolution_hours)[kind]
        return None if hours is None else since + timedelta(hours=hours)


def policy_from(document: Mapping[str, Any]) -> Policy:
    """The policy a parsed document states; raises `InvalidPolicy` naming the field."""
    try:
        return msgspec.convert(dict(document), Policy)
    except msgspec.ValidationError as error:
        raise InvalidPolicy(str(error)) from None


def _same(name: str, given: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
    if given.keys() != set(wanted):
        raise ValueError(f"{name} must have exactly {', '.join(wanted)}")
