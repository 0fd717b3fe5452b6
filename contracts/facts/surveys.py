"""Survey answers, published by the survey tool."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import About, BrokenRule, Code, FreeTextRef, Id

Score = Annotated[int, Meta(ge=-1000, le=1000)] | Annotated[float, Meta(ge=-1000, le=1000)]
Stage = Literal["viewing", "contract", "waiting", "handover", "moving_in", "living", "repair", "complaint"]


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One answered question: `value` on the scale from `min` to `max`, both ends included."""

    value: Score
    min: Score
    max: Score
    question: Id | None = None
    dimension: Code | None = None

    def __post_init__(self) -> None:
        """Refuse a scale without width and a value outside it."""
        if not self.min < self.max:
            raise BrokenRule("min must be less than max")
        if not self.min <= self.value <= self.max:
            raise BrokenRule("value must lie between min and max")


class SurveyAnswered(FactData, frozen=True):
    """The customer answered a survey. `about` is what it asked about, if it was one thing."""

    TYPE = "crm.survey.answered.v1"

    instrument: Literal["csat", "nps", "ces", "acsi", "kano", "stage"]
    answers: Annotated[tuple[Answer, ...], Meta(min_length=1, max_length=100)]
    stage: Stage | None = None
    about: About | None = None
    comment: FreeTextRef | None = None
    project_id: Id | None = None
