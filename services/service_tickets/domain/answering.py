"""Answers of surveys: what the customer says outright."""

from collections.abc import Sequence
from datetime import datetime
from math import fsum

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.surveys import SurveyAnswered
from services.service_tickets.domain.model import MOST_ANSWERS, CaseFile, Observation
from services.service_tickets.domain.observations import newest
from services.service_tickets.domain.policy import Policy
from services.service_tickets.domain.telling import told


def note_answer(file: CaseFile, fact: Fact, now: datetime, policy: Policy) -> tuple[CaseFile, Sequence[Effect]]:
    """An answered survey is one observation, whatever the instrument: the mean of its answers, each from 0 to 100."""
    survey: SurveyAnswered = fact.data
    scores = [100 * (answer.value - answer.min) / (answer.max - answer.min) for answer in survey.answers]
    x = fsum(scores) / len(scores)
    answer = Observation(fact.time, fact.id, fact.source, "answer", x, survey.stage or "")
    after = replace(file, answers=newest((*file.answers, answer), MOST_ANSWERS))
    return after, told(file, after, fact, policy)
