"""Facts for tests, short to write. `day(0)` is Monday 2026-03-02 in UTC+8, where the story begins."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from contracts.fact import Fact
from contracts.facts import deals, surveys, visits
from contracts.fields import About, Money, Price

CUSTOMER = "01963f5e-7a10-7c31-9d52-3f0a6b1e8c01"
START = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def day(number: float, hour: float = 12) -> datetime:
    """A day and hour of the story, local time given, UTC returned."""
    return START + timedelta(days=number, hours=hour)


def fact(data: Any, time: datetime, fact_id: str, source: str = "/test", subject: str = CUSTOMER) -> Fact:
    """A fact about the customer, recorded when it happened."""
    return Fact(source, fact_id, data.TYPE, subject, time, time, data)


def visit(time: datetime, visit_id: str = "V1", project_id: str = "P1") -> Fact:
    """A completed visit."""
    return fact(visits.VisitCompleted(visit_id, project_id), time, f"{visit_id}-completed")


def survey(time: datetime, about: str = "V1", kind: Any = "visit", value: int = 4, stage: Any = "viewing") -> Fact:
    """A CSAT answer on a scale of five."""
    answers = (surveys.Answer(value=value, min=1, max=5),)
    data = surveys.SurveyAnswered("csat", answers, stage=stage, about=About(kind, about))
    return fact(data, time, f"answer-{kind}-{about}")


def signed(time: datetime, deal_id: str = "D1", price: str = "2000000.00") -> Fact:
    """A signed deal."""
    return fact(deals.DealSigned(deal_id, "P1", Price(price)), time, f"{deal_id}-signed")


def paid(time: datetime, deal_id: str = "D1", amount: str = "1000000.00", payment_id: str = "1") -> Fact:
    """A payment for a deal."""
    data = deals.PaymentReceived(deal_id, f"{deal_id}-{payment_id}", Price(amount))
    return fact(data, time, f"{deal_id}-paid-{payment_id}")


def handed_over(time: datetime, deal_id: str = "D1") -> Fact:
    """A unit handed over."""
    return fact(deals.DealHandedOver(deal_id), time, f"{deal_id}-handed-over")


def changed(time: datetime, deal_id: str = "D1", price: str | None = None, number: str = "1") -> Fact:
    """A changed deal, with its new price if it has one."""
    data = deals.DealChanged(deal_id, Price(price) if price else None)
    return fact(data, time, f"{deal_id}-changed-{number}")


def cancelled(
    time: datetime, deal_id: str = "D1", amount: str = "100000.00", number: str = "1", stage: Any = "signed"
) -> Fact:
    """A cancellation of `amount`."""
    return fact(deals.DealCancelled(deal_id, stage, Money(amount)), time, f"{deal_id}-cancelled-{number}")


def as_event(each: Fact) -> dict[str, Any]:
    """A fact as the oracles take it."""
    names = ("source", "id", "type", "subject", "time")
    return {name: getattr(each, name) for name in names} | {"data": msgspec.to_builtins(each.data)}


STORY = (
    visit(day(2, 10)),
    survey(day(2, 12)),
    fact(deals.DealReserved("D1", "P1"), day(5), "D1-reserved"),
    signed(day(7), "D1", "2000000.00"),
    signed(day(7), "D2", "200000.00"),
    paid(day(10), "D1", "1000000.00"),
    survey(day(24), about="T1", kind="ticket", value=3, stage="complaint"),
    cancelled(day(40), "D2", "100000.00"),
)
"""DOMAIN 6 as loyalty and profile see it, without leads, complaints and referral."""
