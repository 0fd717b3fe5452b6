"""Requests and answers of the gRPC door, read and written."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import InvalidRequest
from contracts.fields import Id
from hearth.loyalty.v1 import loyalty_pb2 as pb
from services.loyalty.domain.model import Account, Lot, Proposal
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.simulating import Answered
from services.loyalty.domain.statement import VERDICTS, Line, Reason
from services.loyalty.domain.tiers import points_to_keep, points_to_next_tier

CODE = r"[a-z][a-z0-9_]{0,39}"


def named(request: Any, field: str, longest: int = 64) -> str:
    """A field that names something; raises `InvalidRequest` if it is empty or too long."""
    value = getattr(request, field)
    if not 1 <= len(value) <= longest:
        raise InvalidRequest(f"{field} is 1 to {longest} characters", f"/{field}")
    return value


def opaque(request: Any, field: str) -> str:
    """An opaque id that the caller gives; raises `InvalidRequest` for anything else."""
    try:
        return msgspec.convert(getattr(request, field), Id)
    except msgspec.ValidationError:
        raise InvalidRequest(f"{field} is 1 to 64 letters, digits, or . _ : ~ -", f"/{field}") from None


def points_of(request: Any) -> int:
    """How many points are moved; raises `InvalidRequest` for none, and for more than anybody has."""
    if not 1 <= request.points <= 10**12:
        raise InvalidRequest("points must be a whole number above zero", "/points")
    return request.points


def word(request: Any, field: str) -> str:
    """A snake_case word; raises `InvalidRequest` for anything else."""
    value = getattr(request, field)
    if not re.fullmatch(CODE, value):
        raise InvalidRequest(f"{field} is a snake_case word of at most 40 characters", f"/{field}")
    return value


def many(request: Any) -> int:
    """How many accounts a page has; raises `InvalidRequest` for more than 500 or less than none."""
    if not 0 <= request.limit <= 500:
        raise InvalidRequest("limit is 1 to 500, or 0 for 100", "/limit")
    return request.limit or 100


def some_points(request: Any) -> int | None:
    """How many points, or None where the request does not say; raises `InvalidRequest` for less than one."""
    if not request.HasField("points"):
        return None
    if not 1 <= request.points <= 10**12:
        raise InvalidRequest("points must be a whole number above zero", "/points")
    return request.points


def line(each: Line) -> Any:
    """A line of a statement."""
    after = each.balances
    return pb.StatementLine(
        time=timestamp(each.time),
        type=each.type,
        points=each.points,
        why=each.why,
        sentence=each.sentence,
        about=each.about,
        active=after.active,
        pending=after.pending,
        held=after.held,
        debt=-after.debt,
        blocked=after.blocked,
    )


def reason(each: Reason) -> Any:
    """A part of an explanation."""
    return pb.Reason(
        points=each.points,
        why=each.why,
        sentence=each.sentence,
        rule=each.rule,
        policy_version=each.policy_version,
        cause_source=each.cause_source,
        cause_id=each.cause_id,
        about=each.about,
        lots=[pb.ReasonLot(lot_id=part.lot_id, points=part.points) for part in each.lots],
        campaign_id=each.campaign,
    )


def said(each: Answered) -> Any:
    """What a campaign said of a fact."""
    return pb.CampaignSaid(**each._asdict(), sentence=VERDICTS.get(each.why, each.why))


QUANTITIES = ("granted", "pending", "active", "held", "spent", "expired", "reversed", "blocked", "transferred")


def lot(lot_id: str, found: Lot) -> Any:
    """An open lot."""
    ends = timestamp(found.expires_at) if found.expires_at else None
    quantities = {name: getattr(found, name) for name in QUANTITIES}
    return pb.Lot(lot_id=lot_id, kind=found.kind, state=found.state, expires_at=ends, **quantities)


def tier(account: Account, policy: Policy) -> Any:
    """The tier, and what is missing."""
    following = points_to_next_tier(account, policy)
    return pb.GetTierResponse(
        tier=account.tier,
        status="GRACE" if account.grace_until else "ACTIVE",
        qualifying=account.qualifying_points,
        grace_until=timestamp(account.grace_until) if account.grace_until else None,
        missing=points_to_keep(account, policy),
        next_tier=following[0] if following else "",
        points_to_next=following[1] if following else 0,
    )


def adjustment(adjustment_id: str, found: Proposal) -> Any:
    """An adjustment that waits."""
    return pb.Adjustment(
        adjustment_id=adjustment_id,
        points=found.points,
        reason=found.reason,
        proposed_by=found.by,
        until=timestamp(found.until),
    )


def transfers(account: Account) -> list[Any]:
    """Transfers that wait, both ways."""
    coming = [(name, each, "in", each.sender) for name, each in account.offers.items()]
    going = [(name, each, "out", each.to) for name, each in account.holds.items() if each.to]
    return [
        pb.Transfer(transfer_id=name, points=each.points, direction=way, with_member=other, until=timestamp(each.until))
        for name, each, way, other in [*coming, *going]
    ]


def timestamp(moment: datetime) -> Timestamp:
    """A moment as protobuf has it."""
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def moment(request: Any, field: str) -> datetime | None:
    """A time in UTC, None where the request does not say; raises `InvalidRequest` for one that there is not."""
    if not request.HasField(field):
        return None
    try:
        return getattr(request, field).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"{field} is a time", f"/{field}") from None
