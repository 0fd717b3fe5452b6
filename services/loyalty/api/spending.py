"""HTTP routes of loyalty: points are set aside, spent, given back, refunded."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import Asking, CustomerId, HoldId
from services.loyalty.domain import commands


class HoldRequest(BaseModel, extra="forbid", strict=True):
    """Points to set aside."""

    points: int = Field(ge=1, le=10**12)


class PartRequest(BaseModel, extra="forbid", strict=True):
    """How many of the points; without it, all."""

    points: int | None = Field(None, ge=1, le=10**12)


class HoldView(BaseModel):
    """Points set aside until a time."""

    hold_id: str
    points: int
    until: datetime


class HoldEnd(BaseModel):
    """A hold that was captured or voided; of a captured one, the points spent."""

    hold_id: str
    points: int | None = None


class RefundView(BaseModel):
    """A spend that was refunded, and how many of its points could still be."""

    hold_id: str
    left: int


def holds(accounts: Accounts) -> APIRouter:
    """Holds: set aside, capture, void."""
    router = APIRouter(prefix="/v1/accounts/{customer_id}/holds", tags=["holds"])

    @router.post("", status_code=201, summary="Set points aside for a redemption")
    async def hold(customer_id: CustomerId, body: HoldRequest, asked: Asking) -> HoldView:
        return HoldView(**await asked.carry_out(accounts, customer_id, commands.HoldPoints(body.points)))

    @router.post("/{hold_id}/capture", summary="Spend what was set aside, or a part; the rest comes back")
    async def capture(
        customer_id: CustomerId, hold_id: HoldId, asked: Asking, body: PartRequest | None = None
    ) -> HoldEnd:
        data = commands.CaptureHold(hold_id, body.points if body else None)
        return HoldEnd(**await asked.carry_out(accounts, customer_id, data))

    @router.post("/{hold_id}/void", summary="Give back what was set aside")
    async def void(customer_id: CustomerId, hold_id: HoldId, asked: Asking) -> HoldEnd:
        return HoldEnd(**await asked.carry_out(accounts, customer_id, commands.VoidHold(hold_id)))

    return router


def spends(accounts: Accounts) -> APIRouter:
    """Spends: refund."""
    router = APIRouter(prefix="/v1/accounts/{customer_id}/spends", tags=["spends"])

    @router.post("/{hold_id}/refund", summary="Take back a captured hold, or a part; its points keep their expiry")
    async def refund(
        customer_id: CustomerId, hold_id: HoldId, asked: Asking, body: PartRequest | None = None
    ) -> RefundView:
        data = commands.RefundSpend(hold_id, body.points if body else None)
        return RefundView(**await asked.carry_out(accounts, customer_id, data))

    return router
