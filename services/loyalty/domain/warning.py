"""Warnings before points expire: each once, some days before (policy)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect
from contracts.facts.loyalty import LotPart, PointsExpiring
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy


def next_warning(account: Account, policy: Policy) -> datetime | None:
    """When the next warning is due. One whose time had passed when the account got the points is given at once, unless
    the account has been warned of that or a later time.
    """
    due = (at for _, _, at in _warnings(account, policy) if account.warned_to is None or at > account.warned_to)
    return min(due, default=None)


def warn(book: Book, due_at: datetime) -> None:
    """Say which points end, for each end that a warning is due of at `due_at`."""
    account, policy = book.account, book.policy
    ends = {days: account.lots[lot_id].expires_at for lot_id, days, at in _warnings(account, policy) if at == due_at}
    for days, end in sorted(ends.items(), reverse=True):
        lots = {lot_id: lot.active for lot_id, lot in book.lots.items() if lot.expires_at == end and lot.active}
        parts = tuple(LotPart(lot_id, points, end) for lot_id, points in sorted(lots.items()))
        assert end is not None
        said = PointsExpiring(sum(lots.values()), end, days, parts, policy.version, book.cause)
        book.effects.append(Effect("PointsExpiring", said, str(days)))
    book.account = replace(book.account, warned_to=due_at)


def _warnings(account: Account, policy: Policy) -> Iterator[tuple[str, int, datetime]]:
    """Lot, days before its end, and when that is, of every warning that its active points are worth."""
    for lot_id, lot in account.lots.items():
        if lot.active and lot.expires_at:
            for days in policy.warning_days:
                yield lot_id, days, lot.expires_at - timedelta(days=days)
