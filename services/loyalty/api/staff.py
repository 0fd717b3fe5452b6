"""HTTP routes of loyalty for staff: lots are blocked and unblocked, points given and taken by two persons."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from chassis.gate.principal import asking
from chassis.pages import Page
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import Asking, CustomerId
from services.loyalty.domain import commands

LotId = Annotated[str, Path(min_length=1, max_length=64, description="The lot's id.")]
AdjustmentId = Annotated[str, Path(min_length=1, max_length=64, description="The adjustment's id.")]
CODE = r"^[a-z][a-z0-9_]{0,39}$"


class BlockRequest(BaseModel, extra="forbid", strict=True):
    """Why, as a short word such as fraud_review."""

    reason: str = Field(pattern=CODE)


class AdjustmentRequest(BaseModel, extra="forbid", strict=True):
    """Points to give, or (negative) to take, and why, as a short word such as goodwill."""

    points: int = Field(ge=-(10**9), le=10**9)
    reason: str = Field(pattern=CODE)


class AdjustmentProposed(BaseModel):
    """An adjustment that waits for a second person."""

    adjustment_id: str
    points: int
    until: datetime


class AdjustmentView(AdjustmentProposed):
    """The same, with why, and who proposed it."""

    reason: str
    proposed_by: str


class AdjustmentDecided(BaseModel):
    """An adjustment that was approved or rejected."""

    adjustment_id: str


class LotChanged(BaseModel):
    """What of a lot is active and blocked now."""

    lot_id: str
    active: int
    blocked: int


def lots(accounts: Accounts) -> APIRouter:
    """Lots: block, unblock."""
    router = APIRouter(prefix="/v1/accounts/{customer_id}/lots/{lot_id}", tags=["lots"])

    @router.post("/block", summary="Block the active points of a lot")
    async def block(customer_id: CustomerId, lot_id: LotId, body: BlockRequest, asked: Asking) -> LotChanged:
        return LotChanged(**await asked.carry_out(accounts, customer_id, commands.BlockLot(lot_id, body.reason)))

    @router.post("/unblock", summary="Make the blocked points of a lot active again")
    async def unblock(customer_id: CustomerId, lot_id: LotId, asked: Asking) -> LotChanged:
        return LotChanged(**await asked.carry_out(accounts, customer_id, commands.UnblockLot(lot_id)))

    return router


def adjustments(accounts: Accounts) -> APIRouter:
    """Adjustments: propose, approve, reject, and what waits."""
    router = APIRouter(prefix="/v1/accounts/{customer_id}/adjustments", tags=["adjustments"])

    @router.get("", summary="Adjustments that wait for a second person")
    async def waiting(customer_id: CustomerId) -> Page[AdjustmentView]:
        found, _ = await accounts.account(customer_id)
        items = [
            AdjustmentView(
                adjustment_id=name, points=each.points, until=each.until, reason=each.reason, proposed_by=each.by
            )
            for name, each in found.proposals.items()
        ]
        return Page(items=items, next_cursor=None)

    @router.post("", status_code=201, summary="Propose to give points, or to take them")
    async def propose(customer_id: CustomerId, body: AdjustmentRequest, asked: Asking) -> AdjustmentProposed:
        data = commands.ProposeAdjustment(body.points, body.reason, asking().name)
        return AdjustmentProposed(**await asked.carry_out(accounts, customer_id, data))

    @router.post("/{adjustment_id}/approve", summary="Book what somebody else proposed")
    async def approve(customer_id: CustomerId, adjustment_id: AdjustmentId, asked: Asking) -> AdjustmentDecided:
        data = commands.ApproveAdjustment(adjustment_id, asking().name)
        return AdjustmentDecided(**await asked.carry_out(accounts, customer_id, data))

    @router.post("/{adjustment_id}/reject", summary="Nothing comes of it")
    async def reject(customer_id: CustomerId, adjustment_id: AdjustmentId, asked: Asking) -> AdjustmentDecided:
        data = commands.RejectAdjustment(adjustment_id, asking().name)
        return AdjustmentDecided(**await asked.carry_out(accounts, customer_id, data))

    return router
