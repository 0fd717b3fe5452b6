"""The pool of a household: points that members gave, with the ends they had. Only the household knows what is in it, so it
decides; every movement is booked as accounts do, and what ends is gone for everybody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.households import PoolAnswered, PoolContributed, PoolMoved, PoolPaid
from contracts.facts.loyalty import Cause, Entry, LedgerAccount, LotPart
from services.loyalty.domain.household import Household, PoolLot
from services.loyalty.domain.household_commands import WithdrawPoints
from services.loyalty.domain.household_errors import InsufficientPool, NotInHousehold
from services.loyalty.domain.ledger import take_in_order
from services.loyalty.domain.policy import Policy

Told = tuple[Household, Sequence[Effect]]


def take_contribution(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Points of a member come in; of whom the household does not know as a member, they go back. The account that sent them
    hears it, in either case.

    What reached its end on the way is gone at once: the timer of that end may have fired already.
    """
    given: PoolContributed = fact.data
    taken = given.member in household.members
    why = "pool_contributed" if taken else "not_in_household"
    said = PoolAnswered(given.contribution_id, fact.subject, taken, given.lots, why)
    answer = Effect("PoolAnswered", said, given.contribution_id, given.customer)
    if not taken:
        return household, [answer]
    lots, parts = dict(household.lots), dict[str, int]()
    for part in given.lots:
        name = pool_lot(part.lot_id)
        lot = lots.get(name, PoolLot(0, part.expires_at))
        lots[name] = replace(lot, points=lot.points + part.points)
        parts[name] = parts.get(name, 0) + part.points
    named = {"movement_id": given.contribution_id, "member": given.member}
    ledger = _Ledger(replace(household, lots=lots), fact, policy, "take_contribution")
    ledger.post("pool_contributed", "transferred", "active", parts, **named)
    gone, expired = expire_lots(ledger.household, fact, policy, "take_contribution", now)
    return gone, [*ledger.effects, *expired, answer]


def withdraw_points(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """A member has points out of the pool, those first that end first."""
    asked: WithdrawPoints = fact.data
    if asked.member not in household.members:
        raise NotInHousehold("the customer has left, or was removed")
    if asked.points > left(household, now):
        raise InsufficientPool(f"{left(household, now)} points are in the pool", "/points")
    dated = sorted(household.lots.items(), key=lambda lot: (lot[1].expires_at is None, lot[1].expires_at, lot[0]))
    parts = take_in_order(asked.points, [(name, lot.points) for name, lot in dated if not lot.ended(now)])
    lots = tuple(LotPart(name, points, household.lots[name].expires_at) for name, points in parts.items())
    ledger = _Ledger(household, fact, policy, "withdraw_points")
    ledger.take(parts, "pool_withdrawn", "transferred", movement_id=fact.id, member=asked.member)
    paid = PoolPaid(fact.id, fact.subject, asked.points, lots)
    return ledger.household, [*ledger.effects, Effect("PoolPaid", paid, fact.id, asked.member)]


def expire_lots(household: Household, fact: Fact, policy: Policy, rule: str, now: datetime | None = None) -> Told:
    """Points whose end has passed, by `now` or by the last timer, are gone."""
    ends = max((at for at in (now, household.expired_to) if at), default=None)
    gone = {name: lot.points for name, lot in household.lots.items() if ends and lot.ended(ends)}
    ledger = _Ledger(household, fact, policy, rule)
    ledger.take(gone, "pool_expired", "breakage")
    return ledger.household, ledger.effects


def left(household: Household, now: datetime) -> int:
    """Points in the pool that have not reached their end."""
    return sum(lot.points for lot in household.lots.values() if not lot.ended(now))


def told(household: Household, household_id: str, now: datetime) -> dict[str, Any]:
    """What doors tell of a household."""
    lots = [
        {"lot_id": name, "points": lot.points, "expires_at": lot.expires_at}
        for name, lot in sorted(household.lots.items())
        if not lot.ended(now)
    ]
    return {
        "household_id": household_id,
        "head": household.head,
        "members": list(household.members),
        "invited": [{"member": name, "until": until} for name, until in household.invited.items()],
        "points": left(household, now),
        "lots": lots,
    }


def pool_lot(lot_id: str) -> str:
    """The lot of a pool, or of what comes out of one, for points of a member's lot: of one end they are one lot."""
    return "pool." + lot_id.split(".", 1)[-1]


class _Ledger:
    """The postings of one rule on one pool: each is a fact that sums to zero."""

    def __init__(self, household: Household, fact: Fact, policy: Policy, rule: str) -> None:
        self.household, self.fact, self.policy, self.rule = household, fact, policy, rule
        self.effects: list[Effect] = []

    def take(self, parts: Mapping[str, int], why: str, credit: LedgerAccount, **named: Any) -> None:
        """Book points out of the pool's lots to `credit`; a lot of which nothing is left is forgotten."""
        self.post(why, "active", credit, parts, **named)
        lots = {
            name: replace(lot, points=rest)
            for name, lot in self.household.lots.items()
            if (rest := lot.points - parts.get(name, 0))
        }
        self.household = replace(self.household, lots=lots)

    def post(
        self, why: str, debit: LedgerAccount, credit: LedgerAccount, parts: Mapping[str, int], **named: Any
    ) -> None:
        """Book the points of `parts` from `debit` to `credit`, and say so."""
        points, fact, own = sum(parts.values()), self.fact, self.household.balances
        if not points:
            return
        lots = tuple(LotPart(name, count, self.household.lots[name].expires_at) for name, count in parts.items())
        cause = Cause(fact.source, fact.id, fact.type, named.get("movement_id", fact.subject))
        entries = (Entry(debit, -points), Entry(credit, points))
        said = PoolMoved(points, entries, self.rule, why, self.policy.version, cause, lots, **named)
        after = replace(own, **{debit: getattr(own, debit) - points, credit: getattr(own, credit) + points})
        self.household = replace(self.household, balances=after)
        self.effects.append(Effect("PoolMoved", said, why))
