"""Accounts of customers who turn out to be one person, and apart again. What was spent stays spent."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import get_args

import msgspec
from msgspec.structs import replace

from contracts.errors import Refused
from contracts.fact import Effect, Fact
from contracts.facts.loyalty import (
    Cause,
    Entry,
    LedgerAccount,
    PointsCorrected,
    ReferralSettled,
    TransferAnswered,
    TransferSettled,
)
from services.loyalty.domain.claiming import claim_again
from services.loyalty.domain.commands import CaptureHold, HoldPoints
from services.loyalty.domain.model import LENT, Account, Hold, Lot
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.tiers import tier_news


def correct(before: Account, after: Account, fact: Fact, now: datetime, policy: Policy) -> Sequence[Effect]:
    """What a merge changed, as one entry in the ledger: the balances after it less those before; and the tier."""
    cause = Cause(fact.source, fact.id, fact.type)
    stated, wanted = msgspec.structs.asdict(before.balances), msgspec.structs.asdict(after.balances)
    accounts = get_args(LedgerAccount)
    entries = tuple(Entry(name, wanted[name] - stated[name]) for name in accounts if wanted[name] != stated[name])
    effects: list[Effect] = []
    if entries:
        points = sum(entry.points for entry in entries if entry.points > 0)
        corrected = PointsCorrected(points, entries, "merge", "merge_correction", policy.version, cause, ())
        effects.append(Effect("PointsCorrected", corrected))
    return [
        *effects,
        *tier_news(before, after, policy, cause),
        *_retold(before, after, fact),
        *claim_again(before, after, fact),
    ]


def _retold(before: Account, after: Account, fact: Fact) -> Sequence[Effect]:
    """What referrers were told by one account is taken back, and told by the other."""
    told: dict[str, int] = {}
    for sign, account in ((-1, before), (1, after)):
        if account.referred:
            told[account.referred.referrer] = told.get(account.referred.referrer, 0) + sign * account.referred.told
    return [
        Effect("ReferralSettled", ReferralSettled(fact.subject, points, "merge"), referrer, referrer)
        for referrer, points in told.items()
        if points
    ]


def replay(account: Account, facts: Sequence[Fact], apply: Callable[[Account, Fact], Account]) -> Account:
    """Fold facts again by time. A hold that was captured happened: what it lacks now is lent, and owed. A transfer was
    sent if the account said so to itself; an answer that came too late, though given in time, sends nothing now either.
    """
    captured = {fact.data.hold_id for fact in facts if fact.type == CaptureHold.TYPE}
    sent = {fact.data.transfer_id for fact in facts if fact.type == TransferSettled.TYPE and fact.data.side == "sender"}
    for fact in facts:
        if fact.type == TransferAnswered.TYPE and fact.data.accepted and fact.data.transfer_id not in sent:
            continue
        try:
            account = apply(account, fact)
        except Refused:
            if fact.type == HoldPoints.TYPE and fact.id in captured:
                account = lend_hold(account, fact)
    return account


def lend_hold(account: Account, fact: Fact) -> Account:
    """A hold of points that are not there: all of them are lent, against debt, and set aside."""
    points = fact.data.points
    lot = account.lots.get(LENT, Lot(LENT))
    lot = replace(lot, granted=lot.granted + points, held=lot.held + points)
    balances = account.balances
    return replace(
        account,
        balances=replace(balances, debt=balances.debt - points, held=balances.held + points),
        lots={**account.lots, LENT: lot},
        holds={**account.holds, fact.id: Hold(_long_after(fact.time), {LENT: points})},
    )


def _long_after(time: datetime) -> datetime:
    """A hold that is lent was captured in time: it cannot run out before that is folded."""
    return time.replace(year=time.year + 1, day=1)
