"""HTTP routes of loyalty: households, who is in them with the consent of both, and their pools."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from chassis.gate.principal import asking
from chassis.web import etag
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import Asked, Asking, CustomerId
from services.loyalty.api.homes import Homes, Who
from services.loyalty.api.transfers import ID
from services.loyalty.api.views import Explanation, reason_view
from services.loyalty.domain import household_commands as commands

HouseholdId = Annotated[str, Path(min_length=1, max_length=64, description="The household's id.")]


class InvitedView(BaseModel):
    """Who is invited, and until when the answer is waited for."""

    member: str
    until: datetime


class PoolLotView(BaseModel):
    """Points of a pool that end together."""

    lot_id: str
    points: int
    expires_at: datetime | None


class HouseholdView(BaseModel):
    """A household: its members, the head among them, who is invited, and the points in its pool."""

    household_id: str
    head: str
    members: list[str]
    invited: list[InvitedView]
    points: int
    lots: list[PoolLotView]


class MembershipView(BaseModel):
    """What a customer is to a household, which knows the customer as `member`. INVITED waits `until` for the customer's answer,
    JOINING a moment for the household's.
    """

    household_id: str
    state: Literal["INVITED", "JOINING", "HEAD", "MEMBER"]
    member: str
    head: str
    until: datetime | None


class Memberships(BaseModel):
    """The household that a customer is in (null: none), and everything the customer is to households."""

    household_id: str | None
    memberships: list[MembershipView]


class JoinedView(BaseModel):
    """What a customer is to a household now; the household hears it in a moment."""

    household_id: str
    state: str


class HouseholdRequest(BaseModel, extra="forbid", strict=True):
    """Which household, where a customer is in two since a merge; without it, the customer's."""

    household_id: str | None = Field(None, max_length=64, pattern=ID)


class InvitationRequest(BaseModel, extra="forbid", strict=True):
    """Which household."""

    household_id: str = Field(max_length=64, pattern=ID)


class MemberRequest(HouseholdRequest):
    """Which customer."""

    member: str = Field(max_length=64, pattern=ID)


class PointsRequest(HouseholdRequest):
    """How many points."""

    points: int = Field(ge=1, le=10**12)


class ContributionView(BaseModel):
    """Points sent to the pool; they are there in a moment, or back."""

    contribution_id: str
    household_id: str
    points: int


class WithdrawalView(BaseModel):
    """Points out of the pool; the account has them in a moment."""

    withdrawal_id: str
    household_id: str
    points: int


def households(homes: Homes, accounts: Accounts) -> Sequence[APIRouter]:
    """All about households."""
    return [_questions(homes), _memberships(homes, accounts), _asked_of_it(homes), _pool(homes)]


def _questions(homes: Homes) -> APIRouter:
    router = APIRouter(prefix="/v1/households/{household_id}", tags=["households"])

    @router.get("", summary="A household, and what is in its pool")
    async def household(household_id: HouseholdId, response: Response) -> HouseholdView:
        found, seq = await homes.household(household_id)
        response.headers.update(etag(seq))
        return HouseholdView(**found)

    @router.get("/explain", summary="Why there is in the pool what there is")
    async def explain(household_id: HouseholdId) -> Explanation:
        reasons = await homes.explain(household_id)
        total = sum(each.points for each in reasons)
        return Explanation(balance="pool", total=total, reasons=[reason_view(each) for each in reasons])

    return router


def _memberships(homes: Homes, accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/v1/accounts/{customer_id}/household", tags=["households"])

    @router.get("", summary="The household a customer is in, and invitations that wait")
    async def memberships(customer_id: CustomerId, response: Response) -> Memberships:
        account, found, seq = await homes.memberships(customer_id)
        response.headers.update(etag(seq))
        views = [
            MembershipView(
                household_id=each.household,
                state=each.state,  # type: ignore[arg-type]
                member=each.member,
                head=each.head,
                until=each.until,
            )
            for each in found
        ]
        return Memberships(household_id=account.household or None, memberships=views)

    @router.post("", status_code=201, summary="Found a household, as its head")
    async def found(customer_id: CustomerId, asked: Asking) -> JoinedView:
        return JoinedView(**await asked.carry_out(accounts, customer_id, commands.FoundHousehold()))

    @router.post("/accept", summary="Who is invited agrees")
    async def accept(customer_id: CustomerId, body: InvitationRequest, asked: Asking) -> JoinedView:
        outcome = homes.answer(_who(customer_id, body, asked), commands.AcceptHousehold)
        return JoinedView(**await asked.answered(outcome))

    @router.post("/decline", summary="Who is invited does not agree")
    async def decline(customer_id: CustomerId, body: InvitationRequest, asked: Asking) -> JoinedView:
        outcome = homes.answer(_who(customer_id, body, asked), commands.DeclineHousehold)
        return JoinedView(**await asked.answered(outcome))

    return router


def _asked_of_it(homes: Homes) -> APIRouter:
    router = APIRouter(prefix="/v1/accounts/{customer_id}/household", tags=["households"])

    @router.post("/invite", summary="The head asks a customer to join")
    async def invite(customer_id: CustomerId, body: MemberRequest, asked: Asking) -> HouseholdView:
        outcome = homes.invite(_who(customer_id, body, asked), body.member)
        return HouseholdView(**await asked.answered(outcome))

    @router.post("/remove", summary="The head removes a member, or takes an invitation back")
    async def remove(customer_id: CustomerId, body: MemberRequest, asked: Asking) -> HouseholdView:
        outcome = homes.remove(_who(customer_id, body, asked), body.member)
        return HouseholdView(**await asked.answered(outcome))

    @router.post("/leave", summary="A member leaves; the head as the last, out of an empty pool")
    async def leave(customer_id: CustomerId, asked: Asking, body: HouseholdRequest | None = None) -> HouseholdView:
        who = _who(customer_id, body or HouseholdRequest(household_id=None), asked)
        return HouseholdView(**await asked.answered(homes.leave(who)))

    return router


def _pool(homes: Homes) -> APIRouter:
    router = APIRouter(prefix="/v1/accounts/{customer_id}/household", tags=["households"])

    @router.post("/contribute", status_code=201, summary="Give points to the pool")
    async def contribute(customer_id: CustomerId, body: PointsRequest, asked: Asking) -> ContributionView:
        outcome = homes.contribute(_who(customer_id, body, asked), body.points)
        return ContributionView(**await asked.answered(outcome))

    @router.post("/withdraw", status_code=201, summary="Have points out of the pool")
    async def withdraw(customer_id: CustomerId, body: PointsRequest, asked: Asking) -> WithdrawalView:
        outcome = homes.withdraw(_who(customer_id, body, asked), body.points)
        return WithdrawalView(**await asked.answered(outcome))

    return router


def _who(customer_id: str, body: HouseholdRequest | InvitationRequest, asked: Asked) -> Who:
    return Who(customer_id, body.household_id, asking().name, asked.key, asked.expected)
