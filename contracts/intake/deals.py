"""Deals, as the contract system sends them."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.fields import Area, Code, Id, Money, Price
from contracts.intake.people import Contact, Intake

Buyers = Annotated[tuple[Contact, ...], Meta(max_length=20)]


class DealReserved(Intake, frozen=True):
    """A place in the queue or a unit was reserved (认筹, 排号), perhaps with a deposit."""

    TYPE = "crm.deal.reserved.v1"

    deal_id: Id
    project_id: Id
    unit_id: Id | None = None
    deposit: Money | None = None
    agent_id: Id | None = None


class DealSubscribed(Intake, frozen=True):
    """The customer subscribed to a unit (认购) at a price."""

    TYPE = "crm.deal.subscribed.v1"

    deal_id: Id
    project_id: Id
    unit_id: Id | None = None
    price: Price | None = None
    agent_id: Id | None = None


class DealSigned(Intake, frozen=True):
    """The contract was signed (签约). `buyers` are all who signed, the contact included."""

    TYPE = "crm.deal.signed.v1"

    deal_id: Id
    project_id: Id
    price: Price
    unit_id: Id | None = None
    area: Area | None = None
    buyers: Buyers = ()
    agent_id: Id | None = None


class PaymentReceived(Intake, frozen=True):
    """Money for a deal came in (回款); `amount` is this payment alone."""

    TYPE = "crm.deal.payment_received.v1"

    deal_id: Id
    payment_id: Id
    amount: Price
    project_id: Id | None = None


class DealHandedOver(Intake, frozen=True):
    """The unit was handed over (交付)."""

    TYPE = "crm.deal.handed_over.v1"

    deal_id: Id
    project_id: Id | None = None
    unit_id: Id | None = None


class DealChanged(Intake, frozen=True):
    """A signed deal was changed: another name (更名), unit (换房) or price. Only what is given has changed.

    `price` is the whole price from now on, not the difference.
    """

    TYPE = "crm.deal.changed.v1"

    deal_id: Id
    price: Price | None = None
    project_id: Id | None = None
    unit_id: Id | None = None
    area: Area | None = None
    buyers: Buyers = ()
    reason: Code | None = None


class DealCancelled(Intake, frozen=True):
    """A deal was cancelled, wholly or in part (退定, 退房).

    `cancelled_amount` is what this cancellation takes off the price, not the sum of all cancellations.
    """

    TYPE = "crm.deal.cancelled.v1"

    deal_id: Id
    stage: Literal["reserved", "subscribed", "signed"]
    cancelled_amount: Money
    reason: Code | None = None
    project_id: Id | None = None
