"""Leads as outside systems see them: somebody showed interest, and somebody spoke with them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.base import FactData
from contracts.facts.consent import Consents
from contracts.fields import Area, BrokenRule, Code, CustomerId, FreeTextRef, Id, Label, Moment, Money

LeadChannel = Literal["web", "wechat", "call", "walk_in", "portal", "ad", "event", "broker", "referral"]
Outcome = Literal["connected", "no_answer", "busy", "wrong_number", "refused"]
Level = Annotated[int, Meta(ge=0, le=3)]
Rooms = Annotated[int, Meta(ge=0, le=20)]
Codes = Annotated[tuple[Code, ...], Meta(max_length=30)]


class Budget(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What the customer can spend, from `min` to `max`; either may be open."""

    min: Money | None = None
    max: Money | None = None

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        if self.min and self.max and self.min.decimal > self.max.decimal:
            raise BrokenRule("min must not be more than max")


class AreaRange(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Square metres wanted, from `min` to `max`; either may be open."""

    min: Area | None = None
    max: Area | None = None

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        if self.min and self.max and Decimal(self.min) > Decimal(self.max):
            raise BrokenRule("min must not be more than max")


class Needs(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is looked for: `rooms` are the numbers of bedrooms that would do, `move_in_by` the latest day wanted.

    `purpose` is open: first_home, upgrade, investment, school, retirement, ...
    """

    budget: Budget | None = None
    area: AreaRange | None = None
    rooms: Annotated[tuple[Rooms, ...], Meta(max_length=10)] = ()
    districts: Annotated[tuple[Label, ...], Meta(max_length=20)] = ()
    purpose: Code | None = None
    move_in_by: date | None = None


class Campaign(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where the interest came from, in the words of the campaign (utm); `term`, what was searched, is in the vault."""

    source: Label | None = None
    medium: Label | None = None
    name: Label | None = None
    content: Label | None = None
    term: FreeTextRef | None = None


class LeadCaptured(FactData, frozen=True):
    """Somebody showed interest in a project. `referrer` and `broker` are the customers who brought them."""

    TYPE = "crm.lead.captured.v1"

    project_id: Id
    channel: LeadChannel
    campaign: Campaign | None = None
    needs: Needs | None = None
    message: FreeTextRef | None = None
    consents: Consents = ()
    referrer: CustomerId | None = None
    broker: CustomerId | None = None
    agent_id: Id | None = None


class ManAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How sure one is, from 0 (no) to 3 (certain), and why."""

    level: Level
    note: FreeTextRef | None = None


class ManAnswers(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Money, authority and need; what was not talked about is left out."""

    money: ManAnswer | None = None
    authority: ManAnswer | None = None
    need: ManAnswer | None = None


class Promise(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something promised to the customer, and by when."""

    text: FreeTextRef
    due_at: Moment | None = None


class LeadContacted(FactData, frozen=True):
    """Somebody of ours contacted the customer, or tried to.

    `lead_id` where the sender knows it, else the lead is that of the customer and the project. `effective` says
    whether they talked about the matter. Signals (asks_after_sales, asks_payment_terms, compares_brands, ...) and
    objections are open lists.
    """

    TYPE = "crm.lead.contacted.v1"

    outcome: Outcome
    channel: Code
    lead_id: Id | None = None
    project_id: Id | None = None
    agent_id: Id | None = None
    effective: bool = False
    man: ManAnswers | None = None
    buying_signals: Codes = ()
    objections: Codes = ()
    competitor: Code | None = None
    promises: Annotated[tuple[Promise, ...], Meta(max_length=20)] = ()
    note: FreeTextRef | None = None
    next_contact_at: Moment | None = None
