"""Households as entities: one chain each, so that a pool gives nothing twice and nobody is in it without having agreed."""

from typing import Any

from chassis.fold.model import Due, Kind
from services.loyalty.domain.household import NO_HOUSEHOLD, Household
from services.loyalty.domain.households import next_household_due


def due(household: Household) -> Due | None:
    """What a household waits for."""
    waiting = next_household_due(household)
    return None if waiting is None else Due(waiting.kind, waiting.due_at)


def searched(household: Household) -> dict[str, Any]:
    """The fields of the view that lists search."""
    return {"head": household.head, "points": household.balances.active}


HOUSEHOLD = Kind("household", "households", Household, lambda _id: NO_HOUSEHOLD, searched, due)
