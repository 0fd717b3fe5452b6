"""HTTP routes of loyalty: how much of a day's limit is used and left."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from services.loyalty.api.quotas import Quotas
from services.loyalty.domain.quota import Scope

QuotaId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description="A household's id, an agent's name at the issuer, or what a refusal calls the quota of a device.",
    ),
]


class QuotaView(BaseModel):
    """Points used on a day of the company, and left until it ends. A `limit` of 0 is none: nothing is counted, `left` is null."""

    scope: Scope
    quota_id: str
    limit: int
    used: int
    left: int | None
    day: str
    until: datetime


def quotas(found: Quotas) -> APIRouter:
    """Quotas: read."""
    router = APIRouter(prefix="/v1/quotas", tags=["quotas"])

    @router.get("/{scope}/{quota_id}", summary="What a household, an agent or a device has spent today, and may")
    async def quota(scope: Scope, quota_id: QuotaId) -> QuotaView:
        return QuotaView(**await found.quota(scope, quota_id))

    return router
