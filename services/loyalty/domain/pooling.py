"""Points of an account that go into the pool of its household, and come out of it.

What an account gives it books at once as `transferred`, and tells the household, which takes the points or sends them back:
so what was sent stays sent, whoever the account is merged with, and nobody waits for an answer that does not come.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.households import PointsPooled, PoolContributed, PoolPaid, PoolReturned
from contracts.facts.loyalty import LotPart
from services.loyalty.domain.holds import set_aside
from services.loyalty.domain.household_commands import ContributePoints
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.model import LENT, Account, Lot
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.pools import pool_lot

Told = tuple[Account, Sequence[Effect]]


def contribute_points(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Send points to the pool, those first that end first. Raises what refuses a hold."""
    asked: ContributePoints = fact.data
    book = Book(account, fact, now, policy, "contribute_points", fact.id)
    parts = set_aside(book, asked.points, now, "contribution_set_aside")
    book.move(parts, "held", "transferred")
    named = {"movement_id": fact.id, "direction": "in", "household_id": asked.household_id}
    book.post(PointsPooled, "pool_contributed", "held", "transferred", parts, **named)
    lots = tuple(LotPart(name, points, book.lots[name].expires_at) for name, points in parts.items())
    sent = PoolContributed(fact.id, asked.member, fact.subject, lots)
    book.effects.append(Effect("PoolContributed", sent, fact.id, asked.household_id))
    return book.close()


def take_back_contribution(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The household did not take the points: they are the account's again."""
    back: PoolReturned = fact.data
    book = Book(account, fact, now, policy, "take_back_contribution", back.contribution_id)
    return _receive(book, back.lots, "contribution_returned", back.contribution_id, back.household_id)


def book_withdrawal(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Points came out of the pool."""
    paid: PoolPaid = fact.data
    book = Book(account, fact, now, policy, "book_withdrawal", paid.withdrawal_id)
    return _receive(book, paid.lots, "pool_withdrawn", paid.withdrawal_id, paid.household_id)


def lend_contribution(account: Account, fact: Fact) -> Account:
    """A contribution of points that are not there any more, because of a merge or its end: it was sent, so they are owed."""
    asked: ContributePoints = fact.data
    lot, own = account.lots.get(LENT, Lot(LENT)), account.balances
    lot = replace(lot, granted=lot.granted + asked.points, transferred=lot.transferred + asked.points)
    balances = replace(own, debt=own.debt - asked.points, transferred=own.transferred + asked.points)
    return replace(account, balances=balances, lots={**account.lots, LENT: lot})


def _receive(book: Book, lots: Iterable[LotPart], why: str, movement_id: str, household_id: str) -> Told:
    """With the ends they had; they repay debt first and do not count for the tier."""
    parts: dict[str, int] = {}
    for part in lots:
        name = pool_lot(part.lot_id)
        book.lots.setdefault(name, Lot("pool", part.expires_at))
        parts[name] = parts.get(name, 0) + part.points
    book.move(parts, "granted", "active")
    book.returned |= dict.fromkeys(parts)
    named = {"movement_id": movement_id, "direction": "out", "household_id": household_id}
    book.post(PointsPooled, why, "transferred", "active", parts, **named)
    for name, points in parts.items():
        book.repay(name, points)
    return book.close()
