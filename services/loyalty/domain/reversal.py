"""Taking back active points whose reason fell away: active ones first, then held (the hold is voided), then blocked ones,
then debt.
"""

from typing import Literal, TypeVar

from msgspec.structs import replace

from contracts.facts.loyalty import DebtOpened, PointsReversed, PointsWrittenOff
from services.loyalty.domain.claims import Referral
from services.loyalty.domain.holds import give_back
from services.loyalty.domain.ledger import Book, by_expiry, take_in_order
from services.loyalty.domain.model import CampaignPoints, Deal

Reason = TypeVar("Reason", Deal, Referral, CampaignPoints)


def take_back(book: Book, deal: Reason, points: int, why: str) -> Reason:
    """Take `points` back from the lots a deal's (or a referral's) points went to; what was spent is treated by the
    policy's shortfall.

    Points that have expired meanwhile are gone and not owed.
    """
    if points <= 0:
        return deal
    taken = take_in_order(points, reversed(deal.parts.items()))
    for lot_id, share in taken.items():
        if isinstance(deal, Deal):  # points of referrals do not qualify for a tier
            book.qualify(lot_id, -share)
        _take_from_lot(book, lot_id, share, why)
    left = {lot_id: count - taken.get(lot_id, 0) for lot_id, count in deal.parts.items()}
    return replace(deal, parts={lot_id: count for lot_id, count in left.items() if count})


def _take_from_lot(book: Book, lot_id: str, points: int, why: str) -> None:
    short = points - _reverse(book, {lot_id: min(points, book.lots[lot_id].active)}, why)
    for hold_id in reversed(tuple(book.account.holds)):
        if short and lot_id in book.account.holds[hold_id].parts:
            give_back(book, hold_id, f"hold_voided_{why}")
            short -= _reverse(book, {lot_id: min(short, book.lots[lot_id].active)}, why)
    short -= _reverse(book, {lot_id: min(short, book.lots[lot_id].blocked)}, why, "blocked")
    lot = book.lots[lot_id]
    spent = min(short, lot.spent + lot.transferred - lot.charged)
    book.lots[lot_id] = replace(lot, charged=lot.charged + spent)
    _cover(book, lot_id, spent, why)
    if book.taken_to == "campaign":  # a budget gets everything back; what the member lost otherwise, the program bears
        book.post(PointsWrittenOff, why, "program", "campaign", {lot_id: short - spent})


def _cover(book: Book, lot_id: str, spent: int, why: str) -> None:
    policy = book.policy
    if policy.shortfall == "other_lots":
        others = take_in_order(spent, [(other, lot.active) for other, lot in by_expiry(book.lots)])
        spent -= _reverse(book, others, why)
        for other, share in others.items():  # as good as spent: owed, if their own reason falls away, too
            book.lots[other] = replace(book.lots[other], charged=book.lots[other].charged - share)
    if policy.shortfall == "write_off":
        forgiven = min(spent, policy.write_off_limit)
        spent -= book.post(PointsWrittenOff, why, "program", book.taken_to, {lot_id: forgiven})
    book.post(DebtOpened, why, "debt", book.taken_to, {lot_id: spent})


def _reverse(book: Book, parts: dict[str, int], why: str, source: Literal["active", "blocked"] = "active") -> int:
    book.move(parts, source, "reversed")
    return book.post(PointsReversed, why, source, book.taken_to, parts)
