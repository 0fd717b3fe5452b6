"""A customer as it was, or as it was known, at any time."""

from collections.abc import Callable, Iterable
from datetime import datetime

from contracts.fact import Fact
from services.profile.domain.model import EMPTY, Customer

Apply = Callable[[Customer, Fact], Customer]
"""The rule of a fact, applied."""


def state_at(
    facts: Iterable[Fact], apply: Apply, as_of: datetime | None = None, known_at: datetime | None = None
) -> Customer:
    """The customer made of the facts that had happened at `as_of` and were recorded by `known_at`, both included.

    Facts come in any order, each once. Without a limit it is the customer of now.
    """
    customer = EMPTY
    for fact in facts:
        if (as_of is None or fact.time <= as_of) and (known_at is None or fact.recorded_at <= known_at):
            customer = apply(customer, fact)
    return customer
