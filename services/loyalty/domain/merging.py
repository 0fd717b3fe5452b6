"""Accounts of customers who turn out to be one person, and apart again. What was spent stays spent."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, get_args

import msgspec
from msgspec.structs import replace

from contracts.errors import Refused
from contracts.fact import Effect, Fact
from contracts.facts.households import HouseholdInvited, HouseholdSettled, PoolAnswered, PoolPaid
from contracts.facts.loyalty import (
    Cause,
    Entry,
    LedgerAccount,
    PointsCorrected,
    TransferAnswered,
    TransferSettled,
)
from contracts.facts.referrals import ReferralSettled
from contracts.facts.rewards import RedemptionChanged, RedemptionConfirmed, RewardAnswered, RewardReturned
from services.loyalty.domain.claiming import claim_again
from services.loyalty.domain.commands import (
    CancelRedemption,
    CaptureHold,
    DeliverRedemption,
    FulfilRedemption,
    HoldPoints,
    RedeemReward,
    RefundRedemption,
    VoidHold,
)
from services.loyalty.domain.model import LENT, Account, Hold, Lot, Redemption
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.referral import tell_referrers_again
from services.loyalty.domain.tiers import tier_news

MERGED = "merge_correction"
HEARD = frozenset(
    each.TYPE
    for each in (
        TransferAnswered,
        TransferSettled,
        RewardAnswered,
        RedemptionConfirmed,
        ReferralSettled,
        HouseholdInvited,
        HouseholdSettled,
        PoolPaid,
        PoolAnswered,
    )
)
"""What an account hears has the time of the command that set it off, which may be its own."""
AFTER_ANSWER = frozenset(
    each.TYPE for each in (RedemptionConfirmed, FulfilRedemption, DeliverRedemption, CancelRedemption, RefundRedemption)
)
"""What shows that a reward's answer came in time."""


def correct(before: Account, after: Account, fact: Fact, now: datetime, policy: Policy) -> Sequence[Effect]:
    """What a merge changed, as one entry in the ledger: the balances after it less those before; and the tier."""
    cause = Cause(fact.source, fact.id, fact.type)
    stated, wanted = msgspec.structs.asdict(before.balances), msgspec.structs.asdict(after.balances)
    accounts = get_args(LedgerAccount)
    entries = tuple(Entry(name, wanted[name] - stated[name]) for name in accounts if wanted[name] != stated[name])
    effects: list[Effect] = []
    if entries:
        points = sum(entry.points for entry in entries if entry.points > 0)
        corrected = PointsCorrected(points, entries, "merge", MERGED, policy.version, cause, ())
        effects.append(Effect("PointsCorrected", corrected))
    effects += _released(before, after, policy, cause)
    return [
        *effects,
        *tier_news(before, after, policy, cause),
        *tell_referrers_again(before, after, fact),
        *claim_again(before, after, fact),
    ]


def _released(before: Account, after: Account, policy: Policy, cause: Cause) -> Sequence[Effect]:
    """Redemptions that are given up now, because a hold of the other account had run out by then; their pieces go back."""
    effects: list[Effect] = []
    for name, each in after.redemptions.items():
        known = before.redemptions.get(name)
        if each.state == "RELEASED" and (known is None or known.state != "RELEASED"):
            said = RedemptionChanged(name, each.reward, "RELEASED", each.points, MERGED, policy.version, cause)
            effects += [
                Effect("RedemptionChanged", said, name),
                Effect("RewardReturned", RewardReturned(name, each.asker), name, each.reward),
            ]
    return effects


def replay(account: Account, facts: Sequence[Fact], apply: Callable[[Account, Fact], Account]) -> Account:
    """Fold facts again by time, of one instant commands first. A hold that was captured happened, and so did a redemption:
    what it lacks now is lent, and owed. A transfer was sent, a redemption confirmed, if an account said so to itself, and a
    redemption that was given up is not confirmed; an answer that came too late, though given in time, does nothing now either.
    What a pool took was sent, and who is in which household, as the household says.
    """
    decided = _decided(facts)
    for fact in sorted(facts, key=lambda fact: (fact.time, fact.type in HEARD)):
        if not _came_of(fact, decided):
            continue
        try:
            account = apply(account, fact)
        except Refused:
            if fact.type == RedeemReward.TYPE or (fact.type == HoldPoints.TYPE and fact.id in decided.taken):
                account = lend_hold(account, fact, fact.id in decided.taken)
    return account


class Decided(NamedTuple):
    """What accounts have decided, by the ids of holds: transfers they have sent, holds they have spent, and given back."""

    sent: frozenset[str]
    taken: frozenset[str]
    voided: frozenset[str]


def _decided(facts: Sequence[Fact]) -> Decided:
    sent = {each.data.transfer_id for each in facts if each.type == TransferSettled.TYPE and each.data.side == "sender"}
    captured = {each.data.hold_id for each in facts if each.type == CaptureHold.TYPE}
    confirmed = {each.data.redemption_id for each in facts if each.type in AFTER_ANSWER}
    voided = {each.data.hold_id for each in facts if each.type == VoidHold.TYPE}
    return Decided(frozenset(sent), frozenset(captured | confirmed - voided), frozenset(voided))


def _came_of(fact: Fact, decided: Decided) -> bool:
    """Whether anything came of what was heard."""
    if fact.type == TransferAnswered.TYPE and fact.data.accepted:
        return fact.data.transfer_id in decided.sent
    if fact.type == RedemptionConfirmed.TYPE:
        return fact.data.redemption_id not in decided.voided
    if fact.type == RewardAnswered.TYPE and fact.data.reserved:
        return fact.data.redemption_id in decided.taken
    return True


def lend_hold(account: Account, fact: Fact, taken: bool) -> Account:
    """A hold of points that are not there: all of them are lent, against debt, and set aside. One that was not `taken` is
    given up at once.
    """
    points, reward = fact.data.points, getattr(fact.data, "reward_id", "")
    lot = account.lots.get(LENT, Lot(LENT))
    lot = replace(lot, granted=lot.granted + points, held=lot.held + points)
    balances = account.balances
    hold = Hold(_long_after(fact.time) if taken else fact.time, {LENT: points}, reward=reward)
    made = {fact.id: Redemption(reward, points, "HELD", fact.time, fact.subject)} if reward else {}
    return replace(
        account,
        balances=replace(balances, debt=balances.debt - points, held=balances.held + points),
        lots={**account.lots, LENT: lot},
        holds={**account.holds, fact.id: hold},
        redemptions={**account.redemptions, **made},
    )


def _long_after(time: datetime) -> datetime:
    """A hold that is lent was captured in time: it cannot run out before that is folded."""
    return time.replace(year=time.year + 1, day=1)
