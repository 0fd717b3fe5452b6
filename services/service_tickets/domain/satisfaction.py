"""The satisfaction score, DOMAIN section 5.

Of observations (t, x, w) at or before T, sorted by time and fact id, with half-life h in days:
g = w·2^(−(T−t)/h), A = Σ g·x, B = Σ g, S = (k·μ + A)/(k + B), confidence B/(k + B), n_eff = B²/Σ g².
Sums are exact (`math.fsum`), figures rounded half-even to 4 decimals; nothing is carried along. (The document decays to
the newest observation first and then to T, which is the same product.)
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import fsum
from typing import NamedTuple

from contracts.facts.tickets import Score
from services.service_tickets.domain.model import Observation
from services.service_tickets.domain.policy import Policy

DAY = timedelta(days=1)


class Part(NamedTuple):
    """An observation and what it weighs at the time asked about: `x`, `weight` w, and `now`, w after its decay."""

    observation: Observation
    x: float
    weight: float
    now: float


class Satisfaction(NamedTuple):
    """`stated` from answers alone, `overall` from events too, by stage from that stage's answers; and all parts."""

    as_of: datetime
    stated: Score
    overall: Score
    stages: dict[str, Score]
    parts: tuple[Part, ...]


def satisfaction(found: Sequence[Observation], as_of: datetime, policy: Policy) -> Satisfaction:
    """The figures at `as_of`: of what had happened by then, out of sorted observations."""
    parts = tuple(_part(each, as_of, policy) for each in found if each.time <= as_of)
    answers = [part for part in parts if part.observation.kind == "answer"]
    stages = {
        stage: score((part for part in answers if part.observation.stage == stage), prior, policy.prior_weight)
        for stage, prior in policy.stage_priors.items()
        if any(part.observation.stage == stage for part in answers)
    }
    stated, overall = (score(each, policy.prior, policy.prior_weight) for each in (answers, parts))
    return Satisfaction(as_of, stated, overall, stages, parts)


def score(parts: Iterable[Part], prior: float, prior_weight: float) -> Score:
    """S, confidence and n_eff of these parts, against a prior of a weight."""
    parts = list(parts)
    a, b = fsum(part.now * part.x for part in parts), fsum(part.now for part in parts)
    squares = fsum(part.now**2 for part in parts)
    s = (prior_weight * prior + a) / (prior_weight + b)
    return Score(round(s, 4), round(b / (prior_weight + b), 4), round(b * b / squares, 4) if squares else 0.0)


def _part(observation: Observation, as_of: datetime, policy: Policy) -> Part:
    event = policy.events.get(observation.kind)
    x, w, half_life = (observation.x, 1.0, None) if event is None else (event.x, event.w, event.half_life_days)
    age = (as_of - observation.time) / DAY
    return Part(observation, x, w, w * 2.0 ** (-age / (half_life or policy.half_life_days)))
