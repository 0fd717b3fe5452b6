"""What loyalty must say, by plain arithmetic over all facts at once. Imports nothing of ours.

A fact is a dict: `source, id, type, subject, time` (aware datetime) and `data` as in the JSON of the event. Knows
earning and deals; spending is a conversation and has a model of its own in `tests/unit/loyalty`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

Fact = Mapping[str, Any]
ZONE = ZoneInfo("Asia/Shanghai")
VISIT, SURVEY, YUAN = 50, 20, 1000


def balances(facts: Iterable[Fact]) -> dict[str, dict[str, int]]:
    """Customer id → `{"pending", "active", "qualifying", "debt"}` in points; a repeated (source, id) counts once."""
    by_customer: dict[str, dict[tuple[str, str], Fact]] = {}
    for fact in facts:
        by_customer.setdefault(fact["subject"], {}).setdefault((fact["source"], fact["id"]), fact)
    return {customer: balance(list(mine.values())) for customer, mine in by_customer.items()}


def balance(facts: list[Fact]) -> dict[str, int]:
    """The same for the distinct facts of one customer, while nothing is spent or expires."""
    earned = VISIT * len(visit_weeks(facts)) + SURVEY * len(surveys(facts))
    deals = {fact["data"]["deal_id"] for fact in facts if fact["type"].startswith("crm.deal.")}
    pending, active = 0, 0
    for deal_id in deals:
        waiting, released = deal_points([fact for fact in facts if fact["data"].get("deal_id") == deal_id])
        pending, active = pending + waiting, active + released
    return {"pending": pending, "active": earned + active, "qualifying": earned + active, "debt": 0}


def visit_weeks(facts: list[Fact]) -> set[tuple[str, int, int]]:
    """Project, ISO year and ISO week of every completed visit."""
    weeks = set()
    for fact in facts:
        if fact["type"] == "crm.visit.completed.v1":
            year, week, _ = fact["time"].astimezone(ZONE).isocalendar()
            weeks.add((fact["data"]["project_id"], year, week))
    return weeks


def surveys(facts: list[Fact]) -> set[tuple[str, str, str]]:
    """Instrument and subject (or stage) of every survey answered."""
    answered = set()
    for fact in facts:
        if fact["type"] == "crm.survey.answered.v1":
            data = fact["data"]
            about = data.get("about") or {"kind": "stage", "id": data.get("stage") or ""}
            answered.add((data["instrument"], about["kind"], about["id"]))
    return answered


def deal_points(facts: list[Fact]) -> tuple[int, int]:
    """Points (pending, active) of one deal out of all facts about it."""
    if not any(fact["type"] == "crm.deal.signed.v1" for fact in facts):
        return 0, 0
    price = last_price(facts)
    granted = floor(price / YUAN)
    paid = total(facts, "crm.deal.payment_received.v1", "amount")
    cancelled = total(
        [f for f in facts if f["data"].get("stage") == "signed"], "crm.deal.cancelled.v1", "cancelled_amount"
    )
    handed_over = any(fact["type"] == "crm.deal.handed_over.v1" for fact in facts)
    released = granted if handed_over else min(granted, floor(granted * paid / price))
    left = granted - min(granted, floor(granted * cancelled / price))
    return left - min(released, left), min(released, left)


def last_price(facts: list[Fact]) -> Decimal:
    """The price of the newest signing or change that names one, by (time, id)."""
    priced: list[tuple[datetime, str, Decimal]] = []
    for fact in facts:
        if fact["type"] in ("crm.deal.signed.v1", "crm.deal.changed.v1") and fact["data"].get("price"):
            priced.append((fact["time"], fact["id"], Decimal(fact["data"]["price"]["amount"])))
    return max(priced)[2]


def total(facts: list[Fact], type_name: str, field: str) -> Decimal:
    """The sum of a money field over the facts of a type."""
    return sum((Decimal(fact["data"][field]["amount"]) for fact in facts if fact["type"] == type_name), Decimal(0))
