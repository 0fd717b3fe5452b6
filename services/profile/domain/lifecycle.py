"""How far a customer has come: each step is a test of policy over what is known, told when it changes."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.base import Because
from contracts.facts.customers import Lifecycle, LifecycleChanged
from services.profile.domain.model import Customer
from services.profile.domain.policy import Policy

MAN = ("authority", "money", "need")


def lifecycle_of(customer: Customer, policy: Policy) -> Lifecycle:
    """The stage that what is known comes to."""
    standing = [deal for deal in customer.deals.values() if deal.stands]
    if not standing:
        passes = all(name in customer.man and customer.man[name].level >= policy.man_level for name in MAN)
        return "quasi_customer" if passes else "prospect"
    if not any(deal.handed_over for deal in standing):
        return "buyer"
    if not _satisfied(customer, policy):
        return "owner"
    return "loyal" if len(standing) > policy.loyal_repeats else "satisfied"


def move_on(before: Customer, after: Customer, fact: Fact, policy: Policy) -> tuple[Customer, Sequence[Effect]]:
    """`after` with its stage, and the fact that tells it if it is another than before."""
    stage = lifecycle_of(after, policy)
    if stage == after.lifecycle:
        return after, ()
    return replace(after, lifecycle=stage), _told(before.lifecycle, stage, fact, policy)


def correct(before: Customer, after: Customer, fact: Fact, now: datetime, policy: Policy) -> Sequence[Effect]:
    """What a merge, or its end, changed of the stage."""
    return _told(before.lifecycle, after.lifecycle, fact, policy) if before.lifecycle != after.lifecycle else ()


def _told(before: str, after: str, fact: Fact, policy: Policy) -> Sequence[Effect]:
    because = Because(fact.source, fact.id, fact.type)
    return (Effect("lifecycle", LifecycleChanged(before, after, policy.version, because)),)  # type: ignore[arg-type]


def _satisfied(customer: Customer, policy: Policy) -> bool:
    scores = customer.scores
    return (
        scores is not None
        and scores.stated >= policy.satisfied_score
        and scores.stated_confidence >= policy.satisfied_confidence
    )
