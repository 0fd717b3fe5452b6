"""Spending in two steps: points are held, then captured (spent) or given back. What expires first is spent first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import PointsHeld, PointsRefunded, PointsSpent
from services.loyalty.domain import commands
from services.loyalty.domain.errors import DebtOutstanding, InsufficientPoints, TooManyHolds, UnknownHold
from services.loyalty.domain.ledger import Book, by_expiry, take_in_order
from services.loyalty.domain.model import Account, Hold
from services.loyalty.domain.policy import Policy


def hold_points(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Set active points aside until the hold times out; the hold's id is the command's id."""
    command: commands.HoldPoints = fact.data
    _refuse_hold(account, command.points, policy)
    until = now + timedelta(minutes=policy.hold_minutes)
    lots = [
        (lot_id, lot.active) for lot_id, lot in by_expiry(account.lots) if not lot.expires_at or lot.expires_at > now
    ]
    parts = take_in_order(command.points, lots)
    if sum(parts.values()) < command.points:
        raise InsufficientPoints("some of the active points have expired", "/points")
    book = Book(account, fact, now, policy, "hold_points", fact.id)
    book.move(parts, "active", "held")
    book.post(PointsHeld, "hold_requested", "active", "held", parts, hold_id=fact.id, held_until=until)
    return book.close(holds={**account.holds, fact.id: Hold(until, parts)})


def capture_hold(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Spend all that a hold set aside; refused once it has run out, timed out or not."""
    hold_id = fact.data.hold_id
    hold = _open_hold(account, hold_id)
    if hold.until <= now:
        raise UnknownHold("the hold has run out", "/hold_id")
    book = Book(account, fact, now, policy, "capture_hold", hold_id)
    book.move(hold.parts, "held", "spent")
    book.post(PointsSpent, "hold_captured", "held", "redeemed", hold.parts, hold_id=hold_id)
    return book.close(holds=_without(account, hold_id))


def void_hold(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Give back all that a hold set aside, to the lots it came from."""
    hold_id = fact.data.hold_id
    _open_hold(account, hold_id)
    book = Book(account, fact, now, policy, "void_hold", hold_id)
    give_back(book, hold_id, "hold_voided")
    return book.close()


def give_back(book: Book, hold_id: str, why: str) -> None:
    """Void a hold inside a book: its points are active again in their lots."""
    parts = book.account.holds[hold_id].parts
    book.account = replace(book.account, holds=_without(book.account, hold_id))
    book.move(parts, "held", "active")
    book.post(PointsRefunded, why, "held", "active", parts, hold_id=hold_id)


def _refuse_hold(account: Account, points: int, policy: Policy) -> None:
    if account.owed:
        raise DebtOutstanding(f"{account.owed} points are owed and are repaid first by new points")
    if points > account.balances.active:
        raise InsufficientPoints(f"{account.balances.active} points are active", "/points")
    if len(account.holds) >= policy.most_open_holds:
        raise TooManyHolds(f"an account may have {policy.most_open_holds} open holds")


def _open_hold(account: Account, hold_id: str) -> Hold:
    hold = account.holds.get(hold_id)
    if hold is None:
        raise UnknownHold("the hold was never made, or is captured, voided or timed out", "/hold_id")
    return hold


def _without(account: Account, hold_id: str) -> dict[str, Hold]:
    return {key: hold for key, hold in account.holds.items() if key != hold_id}
