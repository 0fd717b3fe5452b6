"""HTTP routes of loyalty: points from one member to another, with the consent of both."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from chassis.pages import Page
from contracts.fields import ID_PATTERN
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import Asking, CustomerId
from services.loyalty.domain import commands
from services.loyalty.domain.model import Account

TransferId = Annotated[str, Path(min_length=1, max_length=64, description="The transfer's id.")]


ID = ID_PATTERN.replace(r"(?!\n)", "")


class OfferRequest(BaseModel, extra="forbid", strict=True):
    """Points for another member."""

    to: str = Field(min_length=1, max_length=64, pattern=ID)
    points: int = Field(ge=1, le=10**12)


class OfferView(BaseModel):
    """Points set aside for another member, who has until then to agree."""

    transfer_id: str
    points: int
    until: datetime


class OpenTransfer(OfferView):
    """A transfer that waits for the receiver: `in` to this member, `out` from it."""

    direction: Literal["in", "out"]
    with_member: str


class TransferAnsweredView(BaseModel):
    """A transfer that was answered. The points come when the sender's account has sent them, in a moment."""

    transfer_id: str


def transfers(accounts: Accounts) -> APIRouter:
    """Transfers: offer, accept, decline, and what waits. The sender withdraws an offer by voiding the hold of its id."""
    router = APIRouter(prefix="/v1/accounts/{customer_id}/transfers", tags=["transfers"])

    @router.get("", summary="Transfers that wait for the receiver")
    async def waiting(customer_id: CustomerId) -> Page[OpenTransfer]:
        found, _ = await accounts.account(customer_id)
        return Page(items=open_transfers(found), next_cursor=None)

    @router.post("", status_code=201, summary="Offer points to another member")
    async def offer(customer_id: CustomerId, body: OfferRequest, asked: Asking) -> OfferView:
        return OfferView(**await asked.offer(accounts, customer_id, body.to, body.points))

    @router.post("/{transfer_id}/accept", summary="The receiver agrees")
    async def accept(customer_id: CustomerId, transfer_id: TransferId, asked: Asking) -> TransferAnsweredView:
        data = commands.AcceptTransfer(transfer_id)
        return TransferAnsweredView(**await asked.carry_out(accounts, customer_id, data))

    @router.post("/{transfer_id}/decline", summary="The receiver does not agree")
    async def decline(customer_id: CustomerId, transfer_id: TransferId, asked: Asking) -> TransferAnsweredView:
        data = commands.DeclineTransfer(transfer_id)
        return TransferAnsweredView(**await asked.carry_out(accounts, customer_id, data))

    return router


def open_transfers(account: Account) -> list[OpenTransfer]:
    """What waits, both ways."""
    coming = [
        OpenTransfer(transfer_id=name, points=each.points, until=each.until, direction="in", with_member=each.sender)
        for name, each in account.offers.items()
    ]
    return coming + [
        OpenTransfer(transfer_id=name, points=each.points, until=each.until, direction="out", with_member=each.to)
        for name, each in account.holds.items()
        if each.to
    ]
