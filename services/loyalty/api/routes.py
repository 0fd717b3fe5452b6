"""HTTP routes of loyalty. No personal data in any path: a customer id is opaque."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, Field

from chassis.app import App
from chassis.gate.principal import asking
from chassis.pages import Page, page_of
from chassis.web import etag, expected_version, idempotency_key
from services.loyalty.api.accounts import Accounts
from services.loyalty.domain import commands

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]
HoldId = Annotated[str, Path(min_length=1, max_length=64, description="The hold's id.")]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Expected = Annotated[int | None, Depends(expected_version)]


class AccountView(BaseModel):
    """Points of one customer. `debt` is what is owed; while it is above zero nothing can be spent."""

    customer_id: str
    active: int
    pending: int
    held: int
    debt: int
    qualifying: int
    tier: str


class LotView(BaseModel):
    """Points that expire together."""

    lot_id: str
    kind: str
    granted: int
    pending: int
    active: int
    held: int
    spent: int
    expired: int
    reversed: int
    transferred: int
    expires_at: datetime | None


class LineView(BaseModel):
    """One movement, why it happened, and the balances after it."""

    time: datetime
    type: str
    points: int
    why: str
    sentence: str
    about: str
    active: int
    pending: int
    held: int
    debt: int


class ReasonView(BaseModel):
    """A part of a balance: the rule, its policy version, and the fact that caused it."""

    points: int
    why: str
    sentence: str
    rule: str
    policy_version: str
    cause: dict[str, str]
    about: str
    lots: list[dict[str, Any]]


class Explanation(BaseModel):
    """Why a balance is what it is: the points of the reasons sum to the total."""

    balance: str
    total: int
    reasons: list[ReasonView]


class HoldRequest(BaseModel, extra="forbid", strict=True):
    """Points to set aside."""

    points: int = Field(ge=1, le=10**12)


class HoldView(BaseModel):
    """Points set aside until a time."""

    hold_id: str
    points: int
    until: datetime


class HoldEnd(BaseModel):
    """A hold that was captured or voided."""

    hold_id: str


def routers(app: App) -> Sequence[APIRouter]:
    """All routes."""
    return [_questions(Accounts(app)), _commands(Accounts(app))]


def _questions(accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/v1/accounts/{customer_id}", tags=["accounts"])

    @router.get("", summary="Balances and tier")
    async def account(customer_id: CustomerId, response: Response) -> AccountView:
        found, seq = await accounts.account(customer_id)
        response.headers.update(etag(seq))
        own = found.balances
        return AccountView(
            customer_id=customer_id,
            active=own.active,
            pending=own.pending,
            held=own.held,
            debt=found.owed,
            qualifying=found.qualifying_points,
            tier=found.tier,
        )

    @router.get("/lots", summary="Open lots, and when they expire")
    async def lots(customer_id: CustomerId) -> Page[LotView]:
        found, _ = await accounts.account(customer_id)
        items = [
            LotView(lot_id=name, **{field: getattr(lot, field) for field in LotView.model_fields if field != "lot_id"})
            for name, lot in found.lots.items()
        ]
        return Page(items=items, next_cursor=None)

    @router.get("/statement", summary="All movements, in the order booked")
    async def statement(
        customer_id: CustomerId, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
    ) -> Page[LineView]:
        lines = await accounts.statement(customer_id)
        shown, following = page_of(lines, limit, cursor)
        return Page(items=[_line(line) for line in shown], next_cursor=following)

    @router.get("/explain", summary="Why a balance is what it is")
    async def explain(
        customer_id: CustomerId, balance: Literal["active", "pending", "held", "debt"] = "active"
    ) -> Explanation:
        reasons = await accounts.explain(customer_id, balance)
        return Explanation(
            balance=balance,
            total=sum(reason.points for reason in reasons),
            reasons=[_reason(reason) for reason in reasons],
        )

    return router


def _commands(accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/v1/accounts/{customer_id}/holds", tags=["holds"])

    @router.post("", status_code=201, summary="Set points aside for a redemption")
    async def hold(
        customer_id: CustomerId,
        body: HoldRequest,
        response: Response,
        key: IdempotencyKey = None,
        expected: Expected = None,
    ) -> HoldView:
        answer, done = await accounts.command(
            customer_id, commands.HoldPoints(body.points), asking().name, key, expected
        )
        response.headers.update(etag(done.seq))
        return HoldView(**answer)

    @router.post("/{hold_id}/capture", summary="Spend what was set aside")
    async def capture(
        customer_id: CustomerId,
        hold_id: HoldId,
        response: Response,
        key: IdempotencyKey = None,
        expected: Expected = None,
    ) -> HoldEnd:
        answer, done = await accounts.command(customer_id, commands.CaptureHold(hold_id), asking().name, key, expected)
        response.headers.update(etag(done.seq))
        return HoldEnd(**answer)

    @router.post("/{hold_id}/void", summary="Give back what was set aside")
    async def void(
        customer_id: CustomerId,
        hold_id: HoldId,
        response: Response,
        key: IdempotencyKey = None,
        expected: Expected = None,
    ) -> HoldEnd:
        answer, done = await accounts.command(customer_id, commands.VoidHold(hold_id), asking().name, key, expected)
        response.headers.update(etag(done.seq))
        return HoldEnd(**answer)

    return router


def _line(line: Any) -> LineView:
    after = line.balances
    return LineView(
        time=line.time,
        type=line.type,
        points=line.points,
        why=line.why,
        sentence=line.sentence,
        about=line.about,
        active=after.active,
        pending=after.pending,
        held=after.held,
        debt=-after.debt,
    )


def _reason(reason: Any) -> ReasonView:
    return ReasonView(
        points=reason.points,
        why=reason.why,
        sentence=reason.sentence,
        rule=reason.rule,
        policy_version=reason.policy_version,
        about=reason.about,
        cause={"source": reason.cause_source, "id": reason.cause_id},
        lots=[{"lot_id": part.lot_id, "points": part.points} for part in reason.lots],
    )
