"""The book: double entry over an account. Each posting moves points from one ledger account to another and is a fact.

A rule opens a book, posts, and closes it into `(account, effects)`. Nothing else changes balances or lots.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import (
    Cause,
    DebtRepaid,
    Entry,
    LedgerAccount,
    LotPart,
    Movement,
    PointsEarned,
    PointsExpired,
)
from services.loyalty.domain import calendar
from services.loyalty.domain.model import Account, Lot
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.tiers import review_tier, tier_news

Parts = Mapping[str, int]
"""Lot id → points."""


class Book:
    """The postings of one rule on one account. `rule` is the rule's name, `about` what the fact was about."""

    def __init__(self, account: Account, fact: Fact, now: datetime, policy: Policy, rule: str, about: str) -> None:
        """Open the book; `account` itself is never touched."""
        self.before = self.account = account
        self.lots = dict(account.lots)
        self.now = now
        self.since = fact.time
        """When points that become active by this book count from: it decides when they end."""
        self.policy = policy
        self.fact = fact
        self.rule = rule
        self.cause = Cause(fact.source, fact.id, fact.type, about)
        self.effects: list[Effect] = []
        self.returned: dict[str, None] = {}
        self.taken_to: LedgerAccount = "reversed"
        """The ledger account that points go to which are taken back."""

    def post(
        self, kind: type[Movement], why: str, debit: LedgerAccount, credit: LedgerAccount, parts: Parts, **more: Any
    ) -> int:
        """Book the points of `parts` from ledger account `debit` to `credit` and say so; returns how many.

        The effect's name is the fact's kind, its natural key `debit` (a hold's id where there is one), numbered from
        the second on.
        """
        points = sum(parts.values())
        if not points:
            return 0
        balances = self.account.balances
        changed = {debit: getattr(balances, debit) - points, credit: getattr(balances, credit) + points}
        self.account = replace(self.account, balances=replace(balances, **changed))
        entries = (Entry(debit, -points), Entry(credit, points))
        moved = tuple(LotPart(lot, count, self.lots[lot].expires_at) for lot, count in parts.items() if count)
        fact = kind(points, entries, self.rule, why, self.policy.version, self.cause, moved, **more)
        self.effects.append(Effect(kind.__name__, fact, self._natural(kind, more.get("hold_id", debit))))
        return points

    def move(self, parts: Parts, source: str, target: str) -> None:
        """Move points inside lots from one quantity to another; from `granted` means they are new in the lot."""
        if target == "active" and source != "granted":
            self.returned |= dict.fromkeys(parts)
        for lot_id, points in parts.items():
            lot = self.lots[lot_id]
            sign = 1 if source == "granted" else -1
            quantities = {source: getattr(lot, source) + sign * points, target: getattr(lot, target) + points}
            self.lots[lot_id] = replace(lot, **quantities)

    def open_lot(self, kind: str, project_id: str | None, months: int | None = None) -> str:
        """The id of the lot for points of `kind` that become active with this fact; opened if there is none. They last
        `months`, without it as long as the policy says.
        """
        policy, zone = self.policy, self.policy.zone(project_id)
        lasting = policy.lifetime_months if months is None else months
        month = calendar.last_month(self.since, self.now, lasting, policy.least_days_left, zone)
        lot_id = f"{kind}.{month}"
        if zone.key != policy.time_zone:
            lot_id += "." + zone.key.replace("/", "-")
        if lot_id not in self.lots:
            self.lots[lot_id] = Lot(kind, calendar.month_end(month, zone))
        return lot_id

    def earn(self, kind: str, project_id: str | None, points: int, why: str, qualifies: bool = True) -> None:
        """Grant points that are active at once; they repay debt first and count for the tier, if they qualify."""
        lot_id = self.open_lot(kind, project_id)
        self.move({lot_id: points}, "granted", "active")
        self.post(PointsEarned, why, "program", "active", {lot_id: points})
        if qualifies:
            self.qualify(lot_id, points)
        self.repay(lot_id, points)

    def repay(self, lot_id: str, points: int) -> None:
        """Use up to `points` new active points of a lot to pay back what is owed."""
        parts = {lot_id: repaid} if (repaid := min(points, self.account.owed)) else {}
        self.move(parts, "active", "spent")
        self.post(DebtRepaid, "debt_repaid_first", "active", "debt", parts)

    def qualify(self, lot_id: str, points: int) -> None:
        """Count points of a lot (or, negative, take them off) for the tier, as long as the lot lasts."""
        month = lot_id.split(".")[1]
        qualifying = dict(self.account.qualifying)
        qualifying[month] = qualifying.get(month, 0) + points
        self.account = replace(self.account, qualifying={key: count for key, count in qualifying.items() if count})

    def close(self, **changes: Any) -> tuple[Account, list[Effect]]:
        """The account after the postings and `changes`, its tier looked at again, and the facts to publish."""
        self._expire_returned()
        account = replace(self.account, lots=self.lots, **changes)
        account = replace(account, lots=_still_needed(account))
        account = review_tier(account, self.now, self.policy)
        return account, [*self.effects, *tier_news(self.before, account, self.policy, self.cause)]

    def _expire_returned(self) -> None:
        """What came back to a lot after its end expires now: the timer of that end may have fired already."""
        late = {lot_id: self.lots[lot_id].active for lot_id in self.returned if self.lots[lot_id].ended(self.now)}
        self.move(late, "active", "expired")
        self.post(PointsExpired, "lot_expired", "active", "breakage", late)

    def _natural(self, kind: type[Movement], base: str) -> str:
        names = {(effect.name, effect.natural) for effect in self.effects}
        candidates = (base, *(f"{base}.{number}" for number in range(2, len(names) + 3)))
        return next(natural for natural in candidates if (kind.__name__, natural) not in names)


def take_in_order(wanted: int, available: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Up to `wanted` points from `available` (lot id, points), first come first; empty lots are left out."""
    taken: dict[str, int] = {}
    for lot_id, points in available:
        share = min(points, wanted - sum(taken.values()))
        if share > 0:
            taken[lot_id] = share
    return taken


def less(parts: Parts, taken: Parts) -> dict[str, int]:
    """What is left of `parts` without those `taken`; without lots of which nothing is left."""
    return {lot_id: left for lot_id, points in parts.items() if (left := points - taken.get(lot_id, 0))}


def by_expiry(lots: Mapping[str, Lot]) -> list[tuple[str, Lot]]:
    """Lots that can expire, the soonest first; equal ones by id."""
    dated = [(lot.expires_at, lot_id, lot) for lot_id, lot in lots.items() if lot.expires_at]
    return [(lot_id, lot) for _, lot_id, lot in sorted(dated, key=lambda entry: entry[:2])]


def _still_needed(account: Account) -> dict[str, Lot]:
    if all(lot.open for lot in account.lots.values()):
        return account.lots
    booked = [*account.deals.values(), *account.referrals.values(), *account.spends.values()]
    booked += account.campaign_points.values()
    booked.append(account.referred.own if account.referred else account.own)
    named = {lot_id for each in booked for lot_id in each.parts}
    return {lot_id: lot for lot_id, lot in account.lots.items() if lot.open or lot_id in named}
