"""Taking back a spend: the points go back to the lots they came from, and expire when they would have."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import PointsRefunded
from services.loyalty.domain import commands
from services.loyalty.domain.errors import RefundOverSpend, UnknownSpend
from services.loyalty.domain.ledger import Book, less, take_in_order
from services.loyalty.domain.model import GOING_ON, Account, Spend
from services.loyalty.domain.policy import Policy

MOST_SPENDS = 100
"""Spends an account remembers for a refund; of more within the time for refunds, the oldest are forgotten."""


def refund_spend(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Give back what was spent, or a part, what was taken last first. It repays debt before anything else.

    Where the lot has expired meanwhile, the policy says whether the points expire at once or get a new lot.
    """
    command: commands.RefundSpend = fact.data
    spend = account.spends.get(command.hold_id)
    if spend is None or refundable_until(spend, policy) <= now:
        raise UnknownSpend("it was never captured, is refunded already, or was too long ago", "/hold_id")
    if command.hold_id in account.redemptions:
        raise UnknownSpend("it is of a redemption: cancel or refund that", "/hold_id")
    wanted = spend.points if command.points is None else command.points
    if wanted > spend.points:
        raise RefundOverSpend(f"{spend.points} points are left to be refunded", "/points")
    parts = take_in_order(wanted, reversed(spend.parts.items()))
    book = Book(account, fact, now, policy, "refund_spend", command.hold_id)
    give_back_spend(book, parts, command.hold_id)
    left = replace(spend, parts=less(spend.parts, parts))
    return book.close(
        spends={key: each for key, each in {**account.spends, command.hold_id: left}.items() if each.parts}
    )


def refundable_until(spend: Spend, policy: Policy) -> datetime:
    """When it is too late to take a spend back."""
    return spend.at + timedelta(days=policy.refund_days)


def remembered(
    account: Account, hold_id: str, parts: Mapping[str, int], now: datetime, policy: Policy
) -> dict[str, Spend]:
    """The spends that can be refunded after one more; those of redemptions that go on can be as long as these do."""
    needed = {name for name, each in account.redemptions.items() if each.state in GOING_ON}
    kept = {key: each for key, each in account.spends.items() if key in needed or refundable_until(each, policy) > now}
    kept[hold_id] = Spend(now, dict(parts))
    forgotten = {*[key for key in kept if key not in needed][:-MOST_SPENDS]}
    return {key: spend for key, spend in kept.items() if key not in forgotten}


def give_back_spend(book: Book, parts: Mapping[str, int], hold_id: str) -> None:
    """Move spent points back to active inside a book, and repay what is owed."""
    back = [(_home(book, lot_id), lot_id, points) for lot_id, points in parts.items()]
    for home, lot_id, points in back:
        if home == lot_id:
            book.move({lot_id: points}, "spent", "active")
        else:
            book.move({lot_id: points}, "spent", "transferred")
            book.move({home: points}, "granted", "active")
    returned: dict[str, int] = {}
    for home, _, points in back:
        returned[home] = returned.get(home, 0) + points
    book.post(PointsRefunded, "spend_refunded", "redeemed", "active", returned, hold_id=hold_id)
    for home, points in returned.items():
        book.repay(home, points)
    for lot_id in parts:
        lot = book.lots[lot_id]
        book.lots[lot_id] = replace(lot, charged=min(lot.charged, lot.spent + lot.transferred))


def _home(book: Book, lot_id: str) -> str:
    """Where refunded points go: their own lot, or a new one if it has expired and the policy is kind, or was lent."""
    expires_at = book.lots[lot_id].expires_at
    if expires_at is not None and (expires_at > book.now or book.policy.expired_refund == "expire"):
        return lot_id
    return book.open_lot("refund", None, months=0)
