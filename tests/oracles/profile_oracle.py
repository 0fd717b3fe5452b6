"""What profile must say, by plain arithmetic over all facts at once. Imports nothing of ours.

Facts are dicts as in `loyalty_oracle`.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

Fact = Mapping[str, Any]

MONEY = {
    "crm.deal.signed.v1": ("signed", "price"),
    "crm.deal.payment_received.v1": ("paid", "amount"),
    "crm.deal.cancelled.v1": ("cancelled", "cancelled_amount"),
}


def customers(facts: Iterable[Fact]) -> dict[str, dict[str, Any]]:
    """Customer id → what `customer` says; a fact repeated by (source, id) counts once."""
    by_customer: dict[str, dict[tuple[str, str], Fact]] = {}
    for fact in facts:
        by_customer.setdefault(fact["subject"], {}).setdefault((fact["source"], fact["id"]), fact)
    return {name: customer(list(mine.values())) for name, mine in by_customer.items()}


def customer(facts: list[Fact]) -> dict[str, Any]:
    """`counts`, `first` and `last` (time) by type, `totals` by name, `projects`, and the newest 50 as `timeline`."""
    types = {fact["type"] for fact in facts}
    times = {name: [fact["time"] for fact in facts if fact["type"] == name] for name in types}
    return {
        "counts": {name: len(all_times) for name, all_times in times.items()},
        "first": {name: min(all_times) for name, all_times in times.items()},
        "last": {name: max(all_times) for name, all_times in times.items()},
        "totals": totals(facts),
        "projects": sorted({fact["data"]["project_id"] for fact in facts if fact["data"].get("project_id")}),
        "timeline": sorted((fact["time"], fact["source"], fact["id"]) for fact in facts)[-50:],
    }


def totals(facts: list[Fact]) -> dict[str, Decimal]:
    """Exact sums of money by name; a name without facts is absent."""
    sums: dict[str, Decimal] = {}
    for fact in facts:
        if fact["type"] in MONEY:
            name, field = MONEY[fact["type"]]
            sums[name] = sums.get(name, Decimal(0)) + Decimal(fact["data"][field]["amount"])
    return sums
