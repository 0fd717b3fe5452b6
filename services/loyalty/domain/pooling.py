"""Points of an account that go into the pool of its household, and come out of it.

What an account gives it books at once as `transferred`, and tells the household, which takes the points or sends them back,
and says so: what it took was sent, whoever the account is merged with, also if the account, made again, has it no more.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from contracts.facts.households import PointsPooled, PoolAnswered, PoolContributed, PoolPaid
from contracts.facts.loyalty import DebtOpened, LotPart
from services.loyalty.domain.holds import set_aside
from services.loyalty.domain.household_commands import ContributePoints
from services.loyalty.domain.ledger import Book, Parts
from services.loyalty.domain.marks import mark_of
from services.loyalty.domain.model import LENT, Account, Lot
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.pools import pool_lot

Told = tuple[Account, Sequence[Effect]]


def contribute_points(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Send points to the pool, those first that end first. Raises what refuses a hold."""
    asked: ContributePoints = fact.data
    book = Book(account, fact, now, policy, "contribute_points", fact.id)
    parts = set_aside(book, asked.points, now, "contribution_set_aside")
    lots = tuple(LotPart(name, points, book.lots[name].expires_at) for name, points in parts.items())
    sent = PoolContributed(fact.id, asked.member, fact.subject, lots)
    book.effects.append(Effect("PoolContributed", sent, fact.id, asked.household_id))
    return _send(book, parts, fact.id, asked.household_id)


def settle_contribution(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The household has answered. What it took the account has sent, unless a merge has made it again meanwhile: then it does
    now, on credit. What it did not take is the account's again, if it had left.
    """
    answered: PoolAnswered = fact.data
    name, sent = answered.contribution_id, account.has_mark(_mark(answered.contribution_id))
    if sent == answered.taken:
        return account, ()
    book = Book(account, fact, now, policy, "settle_contribution", name)
    if sent:
        return _receive(book, answered.lots, "contribution_returned", name, answered.household_id)
    parts = {LENT: sum(part.points for part in answered.lots)}
    book.lots.setdefault(LENT, Lot(LENT))
    book.move(parts, "granted", "held")
    book.post(DebtOpened, "contribution_lent", "debt", "held", parts)
    return _send(book, parts, name, answered.household_id)


def book_withdrawal(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Points came out of the pool."""
    paid: PoolPaid = fact.data
    book = Book(account, fact, now, policy, "book_withdrawal", paid.withdrawal_id)
    return _receive(book, paid.lots, "pool_withdrawn", paid.withdrawal_id, paid.household_id)


def _send(book: Book, parts: Parts, name: str, household_id: str) -> Told:
    book.move(parts, "held", "transferred")
    named = {"movement_id": name, "direction": "in", "household_id": household_id}
    book.post(PointsPooled, "pool_contributed", "held", "transferred", parts, **named)
    return book.close(once=book.account.once + _mark(name))


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


def _mark(contribution_id: str) -> bytes:
    """What says that a contribution has left."""
    return mark_of("contribution", contribution_id)
