"""What is known about a person, and who is the same person. What was said of them is in the vault."""

from typing import Literal

from contracts.facts.base import Because, FactData
from contracts.fields import Code, CustomerId, FreeTextRef, Id, PersonalRef

Calendar = Literal["solar", "lunar"]
Lifecycle = Literal["prospect", "quasi_customer", "buyer", "owner", "satisfied", "loyal"]


class CustomerDescribed(FactData, frozen=True):
    """Somebody said what the customer is like; only what is given was said. `verified`: an official paper showed it.

    `calendar` is the one the birthday is told in.
    """

    TYPE = "crm.customer.described.v1"

    birthday: PersonalRef | None = None
    calendar: Calendar = "solar"
    family: PersonalRef | None = None
    occupation: PersonalRef | None = None
    hobbies: PersonalRef | None = None
    preferences: FreeTextRef | None = None
    verified: bool = False
    agent_id: Id | None = None
    channel: Code | None = None


class LifecycleChanged(FactData, frozen=True):
    """How far the customer has come with us: prospect (潜在), quasi_customer (准客户), buyer, owner, satisfied, loyal.

    Facts come in any order, so a stage may be left again: the newest told is the one that is.
    """

    TYPE = "crm.lifecycle.changed.v1"

    before: Lifecycle
    after: Lifecycle
    policy_version: str
    because: Because


class CustomerLinked(FactData, frozen=True):
    """Two identifiers are one person: the subject and `same_as`, the customer of the other identifier."""

    TYPE = "crm.customer.linked.v1"

    same_as: CustomerId
    reason: Code | None = None
    agent_id: Id | None = None
