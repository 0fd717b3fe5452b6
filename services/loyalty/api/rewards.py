"""HTTP routes of loyalty: the catalogue of rewards, and what members have of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from chassis.gate.principal import asking
from chassis.pages import Page
from chassis.web import etag
from contracts.facts.loyalty import Tier
from contracts.facts.rewards import RedemptionState
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import Asked, Asking, CustomerId
from services.loyalty.api.catalogue import Catalogue
from services.loyalty.api.transfers import ID
from services.loyalty.api.views import ReasonView, reason_view
from services.loyalty.domain import commands
from services.loyalty.domain.redemptions import Step

RewardId = Annotated[str, Path(max_length=64, pattern=ID, description="The reward's id, as its makers call it.")]
RedemptionId = Annotated[str, Path(min_length=1, max_length=64, description="The redemption's id.")]
LABEL = r"^[^@\x00-\x1f\x7f]*[^@\x00-\x1f\x7f\s][^@\x00-\x1f\x7f]*$"


class RewardRequest(BaseModel, extra="forbid", strict=True):
    """What a reward is called, what it costs, from which tier on it can be had, and whether it can be had now."""

    name: str = Field(min_length=1, max_length=80, pattern=LABEL)
    price: int = Field(ge=1, le=10**12)
    tier: Tier = "base"
    offered: bool = True


class StockRequest(BaseModel, extra="forbid", strict=True):
    """Pieces that came, or (negative) went."""

    by: int = Field(ge=-(10**9), le=10**9)


class RewardView(BaseModel):
    """A reward: `stock` pieces are left, `given` are reserved or with members."""

    reward_id: str
    name: str
    price: int
    tier: Tier
    offered: bool
    stock: int
    given: int


class RedeemRequest(BaseModel, extra="forbid", strict=True):
    """Which reward, and the price that the member has seen."""

    reward_id: str = Field(max_length=64, pattern=ID)
    points: int = Field(ge=1, le=10**12)


class RedemptionView(BaseModel):
    """A redemption, in its state since `at`. A HELD one is CONFIRMED in a moment, or RELEASED, at `until` at the latest."""

    redemption_id: str
    reward_id: str
    points: int
    state: RedemptionState
    at: datetime
    until: datetime | None


class StepView(BaseModel):
    """A state that a redemption came to, why, and the fact and policy behind it."""

    state: RedemptionState
    at: datetime
    why: str
    sentence: str
    policy_version: str
    cause: dict[str, str]


class RedemptionExplained(BaseModel):
    """How a redemption came to what it is, and the movements of points for it."""

    steps: list[StepView]
    movements: list[ReasonView]


def rewards(catalogue: Catalogue) -> APIRouter:
    """The catalogue: list, read, define, change the stock."""
    router = APIRouter(prefix="/v1/rewards", tags=["rewards"])

    @router.get("", summary="Rewards, by id")
    async def found(
        offered: bool | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, Query(max_length=300)] = None,
    ) -> Page[RewardView]:
        page, following = await catalogue.rewards(limit, cursor, offered)
        return Page(items=[RewardView(**each) for each in page], next_cursor=following)

    @router.get("/{reward_id}", summary="A reward, and how many pieces are left")
    async def reward(reward_id: RewardId, response: Response) -> RewardView:
        one, seq = await catalogue.reward(reward_id)
        response.headers.update(etag(seq))
        return RewardView(**one)

    @router.put("/{reward_id}", summary="Put a reward into the catalogue, or change it; the stock stays")
    async def define(reward_id: RewardId, body: RewardRequest, asked: Asking) -> RewardView:
        data = commands.DefineReward(body.name, body.price, body.tier, body.offered)
        return RewardView(**await _on_reward(catalogue, reward_id, data, asked))

    @router.post("/{reward_id}/stock", summary="Pieces came or went that nobody has redeemed")
    async def stock(reward_id: RewardId, body: StockRequest, asked: Asking) -> RewardView:
        return RewardView(**await _on_reward(catalogue, reward_id, commands.ChangeStock(body.by), asked))

    return router


def redemptions(catalogue: Catalogue, accounts: Accounts) -> Sequence[APIRouter]:
    """Redemptions: redeem, read, explain; and, for who hands rewards out, fulfil, deliver, cancel, refund."""
    router = APIRouter(prefix="/v1/accounts/{customer_id}/redemptions", tags=["redemptions"])

    @router.get("", summary="A member's redemptions, the newest first")
    async def found(customer_id: CustomerId, response: Response) -> Page[RedemptionView]:
        items, seq = await catalogue.redemptions(customer_id)
        response.headers.update(etag(seq))
        return Page(items=[RedemptionView(**each) for each in items], next_cursor=None)

    @router.post("", status_code=201, summary="Have a piece of a reward")
    async def redeem(customer_id: CustomerId, body: RedeemRequest, asked: Asking) -> RedemptionView:
        data = commands.RedeemReward(body.reward_id, body.points)
        outcome = catalogue.redeem(customer_id, data, asking().name, asked.key, asked.expected)
        return RedemptionView(**await asked.answered(outcome))

    @router.get("/{redemption_id}", summary="A redemption, and its state")
    async def redemption(customer_id: CustomerId, redemption_id: RedemptionId, response: Response) -> RedemptionView:
        one, seq = await catalogue.redemption(customer_id, redemption_id)
        response.headers.update(etag(seq))
        return RedemptionView(**one)

    @router.get("/{redemption_id}/explain", summary="Why a redemption is what it is, and what it did to the points")
    async def explain(customer_id: CustomerId, redemption_id: RedemptionId) -> RedemptionExplained:
        steps, moved = await catalogue.explain(customer_id, redemption_id)
        return RedemptionExplained(
            steps=[_step_view(each) for each in steps], movements=[reason_view(each) for each in moved]
        )

    return [router, _steps(accounts)]


def _steps(accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/v1/accounts/{customer_id}/redemptions/{redemption_id}", tags=["redemptions"])

    @router.post("/fulfil", summary="Somebody has begun to hand it out")
    async def fulfil(customer_id: CustomerId, redemption_id: RedemptionId, asked: Asking) -> RedemptionView:
        data = commands.FulfilRedemption(redemption_id)
        return RedemptionView(**await asked.carry_out(accounts, customer_id, data))

    @router.post("/deliver", summary="The member has it")
    async def deliver(customer_id: CustomerId, redemption_id: RedemptionId, asked: Asking) -> RedemptionView:
        data = commands.DeliverRedemption(redemption_id)
        return RedemptionView(**await asked.carry_out(accounts, customer_id, data))

    @router.post("/cancel", summary="It will not be delivered: points and piece come back")
    async def cancel(customer_id: CustomerId, redemption_id: RedemptionId, asked: Asking) -> RedemptionView:
        data = commands.CancelRedemption(redemption_id)
        return RedemptionView(**await asked.carry_out(accounts, customer_id, data))

    @router.post("/refund", summary="It was delivered, and its points come back with their first expiry")
    async def refund(customer_id: CustomerId, redemption_id: RedemptionId, asked: Asking) -> RedemptionView:
        data = commands.RefundRedemption(redemption_id)
        return RedemptionView(**await asked.carry_out(accounts, customer_id, data))

    return router


async def _on_reward(catalogue: Catalogue, reward_id: str, data: Any, asked: Asked) -> dict[str, Any]:
    return await asked.answered(catalogue.command(reward_id, data, asking().name, asked.key, asked.expected))


def _step_view(step: Step) -> StepView:
    return StepView(
        state=step.state,  # type: ignore[arg-type]
        at=step.at,
        why=step.why,
        sentence=step.sentence,
        policy_version=step.policy_version,
        cause={"source": step.cause.source, "id": step.cause.id},
    )
