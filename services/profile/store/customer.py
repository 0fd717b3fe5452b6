"""The one kind of entity profile has: the customer."""

from typing import Any

from chassis.fold.model import Kind
from services.profile.domain.lifecycle import correct
from services.profile.domain.model import EMPTY, Customer


def searched(customer: Customer) -> dict[str, Any]:
    """The fields of the view that lists search: when something last happened."""
    return {"last_fact_at": customer.timeline[-1].time if customer.timeline else None}


CUSTOMER = Kind("customer", "customers", Customer, lambda _id: EMPTY, searched, correct=correct)
