"""What the HTTP door answers, as JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from services.loyalty.domain.model import Account, Lot
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.simulating import Answered
from services.loyalty.domain.statement import VERDICTS, Line, Reason
from services.loyalty.domain.tiers import points_to_keep, points_to_next_tier


class AccountView(BaseModel):
    """Points of one customer. `debt` is what is owed; while it is above zero nothing can be spent."""

    customer_id: str
    active: int
    pending: int
    held: int
    blocked: int
    debt: int
    qualifying: int
    tier: str


class TierView(BaseModel):
    """A tier: ACTIVE, or in GRACE until a day, by which `missing` points would keep it; and what the next one needs."""

    tier: str
    status: Literal["ACTIVE", "GRACE"]
    qualifying: int
    grace_until: datetime | None
    missing: int
    next_tier: str | None
    points_to_next: int | None


class LotView(BaseModel):
    """Points that expire together. `state` is PENDING, ACTIVE, BLOCKED, DEPLETED, EXPIRED, REVERSED or CANCELLED."""

    lot_id: str
    kind: str
    state: str
    granted: int
    pending: int
    active: int
    held: int
    spent: int
    expired: int
    reversed: int
    blocked: int
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
    blocked: int
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
    campaign_id: str | None


class Explanation(BaseModel):
    """Why a balance is what it is: the points of the reasons sum to the total."""

    balance: str
    total: int
    reasons: list[ReasonView]


class CampaignSaid(BaseModel):
    """What a campaign said of a fact: the points it was asked for, and what it gave (null: not asked, or not answered yet)."""

    campaign_id: str
    why: str
    sentence: str
    asked: int
    given: int | None


class FactExplained(BaseModel):
    """What a fact did to an account: the movements it caused, or why there are none; and what campaigns said of it."""

    movements: list[ReasonView]
    silence: str
    campaigns: list[CampaignSaid]


def tier_view(account: Account, policy: Policy) -> TierView:
    """The tier, and what is missing to keep it or to reach the next."""
    following = points_to_next_tier(account, policy)
    return TierView(
        tier=account.tier,
        status="GRACE" if account.grace_until else "ACTIVE",
        qualifying=account.qualifying_points,
        grace_until=account.grace_until,
        missing=points_to_keep(account, policy),
        next_tier=following[0] if following else None,
        points_to_next=following[1] if following else None,
    )


def account_view(customer_id: str, account: Account) -> AccountView:
    """Balances and tier."""
    own = account.balances
    return AccountView(
        customer_id=customer_id,
        active=own.active,
        pending=own.pending,
        held=own.held,
        blocked=own.blocked,
        debt=account.owed,
        qualifying=account.qualifying_points,
        tier=account.tier,
    )


def lot_view(lot_id: str, lot: Lot) -> LotView:
    """An open lot."""
    return LotView(lot_id=lot_id, **{field: getattr(lot, field) for field in LotView.model_fields if field != "lot_id"})


def line_view(line: Line) -> LineView:
    """A line of a statement."""
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
        blocked=after.blocked,
        debt=-after.debt,
    )


def reason_view(reason: Reason) -> ReasonView:
    """A part of an explanation."""
    return ReasonView(
        points=reason.points,
        why=reason.why,
        sentence=reason.sentence,
        rule=reason.rule,
        policy_version=reason.policy_version,
        about=reason.about,
        cause={"source": reason.cause_source, "id": reason.cause_id},
        lots=[{"lot_id": part.lot_id, "points": part.points} for part in reason.lots],
        campaign_id=reason.campaign or None,
    )


def said_view(said: Answered) -> CampaignSaid:
    """What a campaign said of a fact."""
    return CampaignSaid(**said._asdict(), sentence=VERDICTS.get(said.why, said.why))
