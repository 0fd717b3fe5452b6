"""Points given or taken by hand: one person proposes, another one approves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import PointsAdjusted
from services.loyalty.domain import commands
from services.loyalty.domain.errors import (
    AdjustmentTooLarge,
    InsufficientPoints,
    SamePerson,
    TooManyProposals,
    UnknownProposal,
)
from services.loyalty.domain.ledger import Book, by_expiry, take_in_order
from services.loyalty.domain.model import Account, Proposal
from services.loyalty.domain.policy import Policy

MOST_PROPOSALS = 10


def propose_adjustment(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Remember what somebody wants to give or take, until another person approves it; its id is the command's id."""
    command: commands.ProposeAdjustment = fact.data
    if not 0 < abs(command.points) <= policy.most_adjusted:
        raise AdjustmentTooLarge(f"1 to {policy.most_adjusted} points can be given or taken", "/points")
    waiting = _waiting(account, now)
    if len(waiting) >= MOST_PROPOSALS:
        raise TooManyProposals(f"{MOST_PROPOSALS} adjustments wait already")
    until = now + timedelta(days=policy.adjustment_days)
    waiting[fact.id] = Proposal(command.points, command.reason, command.by, until)
    return replace(account, proposals=waiting), ()


def approve_adjustment(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Book what somebody else proposed. Given points repay debt first and do not count for the tier; taken ones are active
    ones, what expires first.
    """
    command: commands.ApproveAdjustment = fact.data
    proposal = _proposal(account, command.adjustment_id, now)
    if proposal.by == command.by:
        raise SamePerson("who proposed it cannot approve it")
    book = Book(account, fact, now, policy, "approve_adjustment", command.adjustment_id)
    _book(book, proposal, command.by)
    return book.close(proposals=_without(account, command.adjustment_id))


def reject_adjustment(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Forget a proposal. Who made it may do this, too."""
    adjustment_id = fact.data.adjustment_id
    _proposal(account, adjustment_id, now)
    return replace(account, proposals=_without(account, adjustment_id)), ()


def _book(book: Book, proposal: Proposal, approver: str) -> None:
    named = {"reason": proposal.reason, "proposed_by": proposal.by, "approved_by": approver}
    if proposal.points > 0:
        lot_id = book.open_lot("goodwill", None)
        parts = {lot_id: proposal.points}
        book.move(parts, "granted", "active")
        book.post(PointsAdjusted, "adjustment_approved", "program", "active", parts, **named)
        book.repay(lot_id, proposal.points)
        return
    lots = [(lot_id, lot.active) for lot_id, lot in by_expiry(book.lots) if not lot.ended(book.now)]
    parts = take_in_order(-proposal.points, lots)
    if sum(parts.values()) < -proposal.points:
        raise InsufficientPoints(f"{sum(parts.values())} points are active")
    book.move(parts, "active", "reversed")
    book.post(PointsAdjusted, "adjustment_approved", "active", "reversed", parts, **named)


def _proposal(account: Account, adjustment_id: str, now: datetime) -> Proposal:
    proposal = account.proposals.get(adjustment_id)
    if proposal is None or proposal.until <= now:
        raise UnknownProposal("it was never proposed, is decided, or was too long ago", "/adjustment_id")
    return proposal


def _waiting(account: Account, now: datetime) -> dict[str, Proposal]:
    return {name: proposal for name, proposal in account.proposals.items() if proposal.until > now}


def _without(account: Account, adjustment_id: str) -> dict[str, Proposal]:
    return {name: proposal for name, proposal in account.proposals.items() if name != adjustment_id}
