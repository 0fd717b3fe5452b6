"""Survey answers, as the survey tool sends them."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.surveys import Answer, Stage
from contracts.fields import About, Id
from contracts.intake.people import Intake, Text


class SurveyAnswered(Intake, frozen=True):
    """The customer answered a survey. `about` is what it asked about, if it was one thing."""

    TYPE = "crm.survey.answered.v1"

    instrument: Literal["csat", "nps", "ces", "acsi", "kano", "stage"]
    answers: Annotated[tuple[Answer, ...], Meta(min_length=1, max_length=100)]
    stage: Stage | None = None
    about: About | None = None
    comment: Text | None = None
    project_id: Id | None = None
