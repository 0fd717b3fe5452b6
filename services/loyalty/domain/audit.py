"""The books examined: every transaction, every lot, every balance; and what the company owes its members in points."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import asdict

from contracts.fact import Fact
from contracts.facts.loyalty import Movement
from services.loyalty.domain.household import Household
from services.loyalty.domain.model import Account, Balances, Lot
from services.loyalty.domain.redemptions import disagreements
from services.loyalty.domain.reward import Reward
from services.loyalty.domain.statement import booked, reconcile

IN_LOT = ("pending", "active", "held", "spent", "expired", "reversed", "blocked", "transferred")
OWED_TO_MEMBERS = ("pending", "active", "held", "blocked")


class Examined(NamedTuple):
    """What was found in one account: how many entries its ledger has, their sums by ledger account, what is wrong."""

    entries: int
    sums: Mapping[str, int]
    wrong: Sequence[str]


class Liability(NamedTuple):
    """Points that members have, by quantity, and those that end, by the month they end in (`2028-03`)."""

    quantities: Mapping[str, int]
    ending: Mapping[str, int]


def examine(account: Account, facts: Sequence[Fact], rewards: Mapping[str, Reward] = {}) -> Examined:
    """Whether an account is what its published ledger says, each transaction sums to zero, each lot balances, and each
    redemption was paid for and has its piece of those `rewards`.
    """
    moved = [fact for fact in facts if isinstance(fact.data, Movement)]
    sums: dict[str, int] = {}
    for entry in (entry for fact in moved for entry in fact.data.entries):
        sums[entry.account] = sums.get(entry.account, 0) + entry.points
    wrong = [*reconcile(account, facts), *_unbalanced(moved), *_broken(account.lots)]
    wrong += disagreements(account, facts, rewards)
    return Examined(sum(len(fact.data.entries) for fact in moved), sums, wrong)


def examine_pool(household: Household, facts: Sequence[Fact]) -> Examined:
    """Whether a household's pool is what its published ledger says, each transaction sums to zero, and its lots carry it."""
    moved = [fact for fact in facts if isinstance(fact.data, Movement)]
    ledger = Balances()
    for fact in moved:
        ledger = booked(ledger, fact.data)
    said, own = asdict(ledger), asdict(household.balances)
    wrong = [f"{name}: ledger {said[name]}, pool {own[name]}" for name in own if said[name] != own[name]]
    wrong += _unbalanced(moved)
    if (in_lots := sum(lot.points for lot in household.lots.values())) != own["active"]:
        wrong.append(f"active: lots hold {in_lots}")
    sums = {name: points for name, points in said.items() if points}
    return Examined(sum(len(fact.data.entries) for fact in moved), sums, wrong)


def pool_liability(households: Iterable[Household]) -> Liability:
    """What is in pools, as `pooled`."""
    pooled, ending = 0, dict[str, int]()
    for lots in (household.lots for household in households):
        pooled += sum(lot.points for lot in lots.values())
        for name, lot in lots.items():
            month = name.split(".")[1]
            ending[month] = ending.get(month, 0) + lot.points
    return Liability({"pooled": pooled}, ending)


def liability(accounts: Iterable[Account]) -> Liability:
    """What members have; the sum of the quantities less what they owe is what the company owes them."""
    quantities: dict[str, int] = dict.fromkeys((*OWED_TO_MEMBERS, "debt"), 0)
    ending: dict[str, int] = {}
    for account in accounts:
        own = asdict(account.balances)
        quantities = {name: points + own[name] for name, points in quantities.items()}
        for lot_id, lot in account.lots.items():
            if lot.expires_at and (points := lot.active + lot.held + lot.blocked):
                month = lot_id.split(".")[1]
                ending[month] = ending.get(month, 0) + points
    return Liability(quantities, ending)


def _unbalanced(moved: Sequence[Fact]) -> list[str]:
    return [
        f"fact {fact.id} does not sum to zero" for fact in moved if sum(entry.points for entry in fact.data.entries)
    ]


def _broken(lots: Mapping[str, Lot]) -> list[str]:
    return [f"lot {lot_id} does not balance" for lot_id, lot in lots.items() if not _balances(lot)]


def _balances(lot: Lot) -> bool:
    quantities = [getattr(lot, name) for name in IN_LOT]
    return lot.granted == sum(quantities) and min(quantities) >= 0
