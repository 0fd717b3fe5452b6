"""Spending in two steps: points are held, then captured (spent) or given back. What expires first is spent first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import PointsHeld, PointsRefunded, PointsSpent, TransferSettled
from contracts.facts.rewards import RedemptionChanged, RewardReturned
from services.loyalty.domain import commands
from services.loyalty.domain.errors import (
    CaptureOverHold,
    DailyLimit,
    DebtOutstanding,
    InsufficientPoints,
    TooManyHolds,
    UnknownHold,
)
from services.loyalty.domain.ledger import Book, by_expiry, less, take_in_order
from services.loyalty.domain.model import LENT, Account, Hold, Redemption
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.refunds import remembered


def hold_points(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Set active points aside until the hold times out; the hold's id is the command's id."""
    book = Book(account, fact, now, policy, "hold_points", fact.id)
    until = now + timedelta(minutes=policy.hold_minutes)
    parts = set_aside(book, fact.data.points, until, "hold_requested")
    return book.close(holds={**account.holds, fact.id: Hold(until, parts)})


def set_aside(book: Book, points: int, until: datetime, why: str) -> dict[str, int]:
    """Move active points to a hold whose id is the fact's; returns the lots they are of. Raises what refuses a hold."""
    _refuse_hold(book.account, points, book.now, book.policy)
    lots = [(lot_id, lot.active) for lot_id, lot in by_expiry(book.lots) if not lot.ended(book.now)]
    parts = take_in_order(points, lots)
    if sum(parts.values()) < points:
        raise InsufficientPoints("some of the active points have expired", "/points")
    book.move(parts, "active", "held")
    book.post(PointsHeld, why, "active", "held", parts, hold_id=book.fact.id, held_until=until)
    return parts


def capture_hold(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Spend what a hold set aside, or a part, and give back the rest; refused once it has run out, timed out or not."""
    command: commands.CaptureHold = fact.data
    hold_id, hold = command.hold_id, _open_hold(account, command.hold_id)
    if hold.until <= now or hold.to or hold.reward:
        raise UnknownHold("the hold has run out, or is of a transfer or a redemption", "/hold_id")
    wanted = hold.points if command.points is None else command.points
    if wanted > hold.points:
        raise CaptureOverHold(f"the hold set {hold.points} points aside", "/points")
    spent = take_in_order(wanted, hold.parts.items())
    book = Book(account, fact, now, policy, "capture_hold", hold_id)
    book.move(spent, "held", "spent")
    book.post(PointsSpent, "hold_captured", "held", "redeemed", spent, hold_id=hold_id)
    rest = less(hold.parts, spent)
    book.move(rest, "held", "active")
    book.post(PointsRefunded, "hold_not_needed", "held", "active", rest, hold_id=hold_id)
    return book.close(holds=_without(account, hold_id), spends=remembered(account, hold_id, spent, now, policy))


def void_hold(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Give back all that a hold set aside, to the lots it came from."""
    hold_id = fact.data.hold_id
    _open_hold(account, hold_id)
    book = Book(account, fact, now, policy, "void_hold", hold_id)
    give_back(book, hold_id, "hold_voided")
    return book.close()


def give_back(book: Book, hold_id: str, why: str, piece: bool = True) -> None:
    """Void a hold inside a book: its points are active again in their lots, those lent repay what is owed for them; of a
    transfer the receiver hears that nothing comes of it, of a redemption everybody that it is RELEASED,
    and the reward that no `piece` is needed, if it may have one for it.
    """
    hold = book.account.holds[hold_id]
    parts = hold.parts
    book.account = replace(book.account, holds=_without(book.account, hold_id))
    book.move(parts, "held", "active")
    book.post(PointsRefunded, why, "held", "active", parts, hold_id=hold_id)
    book.repay(LENT, parts.get(LENT, 0))
    if hold.to:
        said = TransferSettled(hold_id, "receiver", book.fact.subject)
        book.effects.append(Effect("TransferSettled", said, hold_id, hold.to))
    if hold.reward:
        _release(book, hold_id, hold, why, piece)


def _release(book: Book, redemption_id: str, hold: Hold, why: str, piece: bool) -> None:
    released = replace(book.account.redemptions[redemption_id], state="RELEASED", at=book.now)
    say_redemption(book, redemption_id, released, why)
    if piece:
        return_piece(book, redemption_id, released)
    book.account = replace(book.account, redemptions={**book.account.redemptions, redemption_id: released})


def return_piece(book: Book, redemption_id: str, ended: Redemption) -> None:
    """Tell its reward, inside a book, that a redemption needs no piece of it."""
    said = RewardReturned(redemption_id, ended.asker)
    book.effects.append(Effect("RewardReturned", said, redemption_id, ended.reward))


def say_redemption(book: Book, redemption_id: str, now: Redemption, why: str) -> None:
    """Make known what a redemption is now, inside a book."""
    said = RedemptionChanged(redemption_id, now.reward, now.state, now.points, why, book.policy.version, book.cause)
    book.effects.append(Effect("RedemptionChanged", said, redemption_id))


def _refuse_hold(account: Account, points: int, now: datetime, policy: Policy) -> None:
    if account.owed:
        raise DebtOutstanding(f"{account.owed} points are owed and are repaid first by new points")
    if points > account.balances.active:
        raise InsufficientPoints(f"{account.balances.active} points are active", "/points")
    if len(account.holds) >= policy.most_open_holds:
        raise TooManyHolds(f"an account may have {policy.most_open_holds} open holds")
    if policy.most_spent_a_day and points > policy.most_spent_a_day - _used_today(account, now, policy):
        raise DailyLimit(f"an account may spend {policy.most_spent_a_day} points a day", "/points")


def _used_today(account: Account, now: datetime, policy: Policy) -> int:
    """Points set aside now, and those spent today and not refunded; the day is that of the company."""
    zone = policy.zone(None)
    today = now.astimezone(zone).date()
    spent = sum(spend.points for spend in account.spends.values() if spend.at.astimezone(zone).date() == today)
    return account.balances.held + spent


def _open_hold(account: Account, hold_id: str) -> Hold:
    hold = account.holds.get(hold_id)
    if hold is None:
        raise UnknownHold("the hold was never made, or is captured, voided or timed out", "/hold_id")
    return hold


def _without(account: Account, hold_id: str) -> dict[str, Hold]:
    return {key: hold for key, hold in account.holds.items() if key != hold_id}
