"""HTTP routes of loyalty for staff: lots are blocked and unblocked."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import Asking, CustomerId
from services.loyalty.domain import commands

LotId = Annotated[str, Path(min_length=1, max_length=64, description="The lot's id.")]
CODE = r"^[a-z][a-z0-9_]{0,39}$"


class BlockRequest(BaseModel, extra="forbid", strict=True):
    """Why, as a short word such as fraud_review."""

    reason: str = Field(pattern=CODE)


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
