"""Blocked lots: points that a person wants to look at first. They are neither spent nor lost until that is done."""

from collections.abc import Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import PointsBlocked, PointsUnblocked
from services.loyalty.domain import commands
from services.loyalty.domain.errors import UnknownLot
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.model import Account, Lot
from services.loyalty.domain.policy import Policy


def block_lot(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Block the points of a lot that are active now; what is held already goes on."""
    command: commands.BlockLot = fact.data
    lot = account.lots.get(command.lot_id, Lot(""))
    if not lot.active or lot.ended(now):
        raise UnknownLot("none of its points are active", "/lot_id")
    book = Book(account, fact, now, policy, "block_lot", command.lot_id)
    parts = {command.lot_id: lot.active}
    book.move(parts, "active", "blocked")
    book.post(PointsBlocked, "lot_blocked", "active", "blocked", parts, reason=command.reason)
    return book.close()


def unblock_lot(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Make the blocked points of a lot active again; they expire if the lot's end has passed."""
    lot_id = fact.data.lot_id
    lot = account.lots.get(lot_id, Lot(""))
    if not lot.blocked:
        raise UnknownLot("none of its points are blocked", "/lot_id")
    book = Book(account, fact, now, policy, "unblock_lot", lot_id)
    parts = {lot_id: lot.blocked}
    book.move(parts, "blocked", "active")
    book.post(PointsUnblocked, "lot_unblocked", "blocked", "active", parts)
    return book.close()
