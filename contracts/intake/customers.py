"""What is known about a person, who is the same person, and consent, as outside systems send them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.consent import Consent
from contracts.facts.customers import Calendar
from contracts.fields import BrokenRule, Code, Id, Personal
from contracts.intake.people import Contact, Intake, Name, Text, Words

DAY = r"^([0-9]{4}|-)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?!\n)$"

Birthday = Annotated[str, Meta(pattern=DAY), Personal]
"""A day, `1988-08-08`, or `--08-08` where the year is not known."""


class FamilyMember(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Somebody of the household or the family, as far as the customer told."""

    relation: Literal["spouse", "child", "parent", "sibling", "other"]
    name: Name | None = None
    birthday: Birthday | None = None


class CustomerDescribed(Intake, frozen=True):
    """Somebody said what the customer is like; only what is given was said. `verified`: an official paper showed it.

    `calendar` is the one the birthday is told in.
    """

    TYPE = "crm.customer.described.v1"

    birthday: Birthday | None = None
    calendar: Calendar = "solar"
    family: Annotated[tuple[FamilyMember, ...], Meta(max_length=30), Personal] | None = None
    occupation: Words | None = None
    hobbies: Annotated[tuple[Words, ...], Meta(max_length=30), Personal] | None = None
    preferences: Text | None = None
    verified: bool = False
    agent_id: Id | None = None
    channel: Code | None = None


class CustomerLinked(Intake, frozen=True):
    """Two identifiers are one person: those of `contact` and those of `same_as`."""

    TYPE = "crm.customer.linked.v1"

    same_as: Contact
    reason: Code | None = None
    agent_id: Id | None = None

    def __post_init__(self) -> None:
        """Refuse a link of a person with himself."""
        if self.contact == self.same_as:
            raise BrokenRule("contact and same_as must not be equal")


class ConsentChanged(Intake, frozen=True):
    """The customer granted or withdrew consent. `notice_id` is the privacy notice shown, `channel` where it was said."""

    TYPE = "crm.consent.changed.v1"

    consents: Annotated[tuple[Consent, ...], Meta(min_length=1, max_length=50)]
    channel: Code | None = None
    notice_id: Id | None = None
    agent_id: Id | None = None
