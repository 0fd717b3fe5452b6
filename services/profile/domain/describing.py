"""How a fact changes what is known of a customer. This runs for every fact there is, so it is kept cheap."""

from bisect import insort
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from contracts.fact import Effect, Fact
from services.profile.domain.model import PROJECTS, TIMELINE_ENTRIES, Customer, Kind, Mark, Total

SUMMED: Mapping[str, tuple[str, str]] = {
    "crm.deal.signed.v1": ("signed", "price"),
    "crm.deal.payment_received.v1": ("paid", "amount"),
    "crm.deal.cancelled.v1": ("cancelled", "cancelled_amount"),
}
"""Fact type → the total it adds to, and the field that holds the money."""

Value = TypeVar("Value")


def describe(customer: Customer, fact: Fact, now: datetime, policy: object) -> tuple[Customer, Sequence[Effect]]:
    """Count the fact, sum its money, remember its project, and put it into the timeline. Emits nothing."""
    mark = Mark(fact.time, fact.source, fact.id, fact.type)
    return (
        Customer(
            with_key(customer.kinds, fact.type, _counted(customer.kinds.get(fact.type), mark)),
            _summed(customer.totals, fact, mark),
            _seen(customer.projects, getattr(fact.data, "project_id", None), mark),
            _remembered(customer.timeline, mark),
            customer.golden,
            customer.man,
            customer.deals,
            customer.scores,
            customer.lifecycle,
        ),
        (),
    )


def _counted(kind: Kind | None, mark: Mark) -> Kind:
    if kind is None:
        return Kind(1, mark, mark)
    return Kind(kind.count + 1, min(kind.first, mark), max(kind.last, mark))


def _summed(totals: dict[str, Total], fact: Fact, mark: Mark) -> dict[str, Total]:
    summed = SUMMED.get(fact.type)
    if summed is None:
        return totals
    name, field = summed
    amount = getattr(fact.data, field).decimal
    before = totals.get(name)
    if before is None:
        return with_key(totals, name, Total(str(amount + ZERO), mark))
    return with_key(totals, name, Total(str(Decimal(before.amount) + amount), max(before.last, mark)))


def _seen(projects: dict[str, Mark], project_id: str | None, mark: Mark) -> dict[str, Mark]:
    if project_id is None or (project_id in projects and projects[project_id] > mark):
        return projects
    seen = with_key(projects, project_id, mark)
    if len(seen) > PROJECTS:
        del seen[min(seen, key=seen.__getitem__)]
    return seen


def _remembered(timeline: tuple[Mark, ...], mark: Mark) -> tuple[Mark, ...]:
    if not timeline or mark > timeline[-1]:
        return (*timeline[1 - TIMELINE_ENTRIES :], mark)
    entries = list(timeline)
    insort(entries, mark)
    return tuple(entries[-TIMELINE_ENTRIES:])


def with_key(mapping: dict[str, Value], key: str, value: Value) -> dict[str, Value]:
    """The mapping with a new or changed key, in alphabetical order."""
    if key in mapping:
        return {**mapping, key: value}
    return dict(sorted({**mapping, key: value}.items()))


ZERO = Decimal("0.00")
