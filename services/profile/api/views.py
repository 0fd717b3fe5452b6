"""How HTTP shows a customer."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel

from services.profile.domain.model import Customer, Mark, Scores

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]


class MarkView(BaseModel):
    """The fact that made a value."""

    time: datetime
    source: str
    id: str
    type: str


class KindView(BaseModel):
    """How many facts of one type, the first and the last."""

    count: int
    first: MarkView
    last: MarkView


class TotalView(BaseModel):
    """A sum of money and the last fact that added to it."""

    amount: str
    currency: str
    last: MarkView


class GoldenView(BaseModel):
    """The value that is believed: where the vault keeps it (`Reveal` gives it), and the fact that said it."""

    reference: str
    verified: bool
    by: MarkView


class ScoresView(BaseModel):
    """The newest satisfaction: stated from answers alone, overall with what happened too; how sure each is (0 to 1)."""

    stated: float
    stated_confidence: float
    overall: float
    overall_confidence: float
    as_of: datetime


class CustomerView(BaseModel):
    """What is known of a customer, each value with the fact that made it. `lifecycle`: prospect, quasi_customer, buyer,
    owner, satisfied or loyal.
    """

    customer_id: str
    facts: int
    kinds: dict[str, KindView]
    totals: dict[str, TotalView]
    projects: dict[str, MarkView]
    timeline: list[MarkView]
    lifecycle: str
    golden: dict[str, GoldenView]
    satisfaction: ScoresView | None


def customer_view(customer_id: str, found: Customer) -> CustomerView:
    """A customer as HTTP shows it."""
    return CustomerView(
        customer_id=customer_id,
        facts=found.facts,
        kinds={
            name: KindView(count=kind.count, first=mark_view(kind.first), last=mark_view(kind.last))
            for name, kind in found.kinds.items()
        },
        totals={
            name: TotalView(amount=total.amount, currency="CNY", last=mark_view(total.last))
            for name, total in found.totals.items()
        },
        projects={name: mark_view(mark) for name, mark in found.projects.items()},
        timeline=[mark_view(mark) for mark in found.timeline],
        lifecycle=found.lifecycle,
        golden={
            name: GoldenView(reference=value.reference, verified=value.verified, by=mark_view(value.mark))
            for name, value in found.golden.items()
        },
        satisfaction=_scores(found.scores),
    )


def _scores(scores: Scores | None) -> ScoresView | None:
    if scores is None:
        return None
    return ScoresView(**{name: getattr(scores, name) for name in ScoresView.model_fields})


def mark_view(mark: Mark | Any) -> MarkView:
    """The fact that made a value."""
    return MarkView(time=mark.time, source=mark.source, id=mark.id, type=mark.type)
