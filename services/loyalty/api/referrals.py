"""HTTP routes of loyalty: old brings new (老带新)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from chassis.gate.principal import asking
from chassis.pages import Page
from chassis.web import etag
from contracts.facts.referrals import ReferralState
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import Asking, CustomerId
from services.loyalty.api.transfers import ID
from services.loyalty.domain.commands import SubmitReferral

Referee = Annotated[str, Path(min_length=1, max_length=64, description="The opaque id of who was referred.")]


class ReferralRequest(BaseModel, extra="forbid", strict=True):
    """Whom the member has brought, and, if known, for which project."""

    referee: str = Field(min_length=1, max_length=64, pattern=ID)
    project_id: str | None = Field(default=None, min_length=1, max_length=64, pattern=ID)


class ReferralView(BaseModel):
    """A referral, in its state since `at`; `reason` says why it was REJECTED. `points` are the referrer's, booked now."""

    referee: str
    state: ReferralState
    reason: str
    at: datetime | None
    points: int
    project_id: str


def referrals(accounts: Accounts) -> APIRouter:
    """Referrals of a member: submit one, and see what becomes of them."""
    router = APIRouter(prefix="/v1/accounts/{customer_id}/referrals", tags=["referrals"])

    @router.get("", summary="Whom a member has referred, and what became of it, the newest first")
    async def found(customer_id: CustomerId, response: Response) -> Page[ReferralView]:
        items, seq = await accounts.referrals(customer_id)
        response.headers.update(etag(seq))
        return Page(items=[ReferralView(**each) for each in items], next_cursor=None)

    @router.post("", status_code=201, summary="Submit a referral; the referee's account answers in a moment")
    async def submit(customer_id: CustomerId, body: ReferralRequest, asked: Asking) -> ReferralView:
        data = SubmitReferral(body.referee, body.project_id)
        outcome = accounts.refer(customer_id, data, asking().name, asked.key, asked.expected)
        return ReferralView(**await asked.answered(outcome))

    @router.get("/{referee}", summary="What became of a referral")
    async def referral(customer_id: CustomerId, referee: Referee, response: Response) -> ReferralView:
        one, seq = await accounts.referral(customer_id, referee)
        response.headers.update(etag(seq))
        return ReferralView(**one)

    return router
