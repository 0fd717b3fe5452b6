"""Points from one member to another, with the consent of both: the sender offers, the receiver agrees.

The sender's points are set aside meanwhile. Accounts hear of each other by facts on `crm.self.loyalty`: offered (to the
receiver), answered (to the sender), settled (to both). Only the sender's account knows whether the points are still
there, so it decides, and tells itself, too: where a merge makes it again, in the order of time, what it has sent stays
sent and what it has not stays here (`merging.replay`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import (
    DebtOpened,
    LotPart,
    PointsTransferred,
    TransferAnswered,
    TransferOffered,
    TransferSettled,
)
from services.loyalty.domain import commands
from services.loyalty.domain.errors import TransferToOneself, UnknownOffer
from services.loyalty.domain.holds import give_back, set_aside
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.marks import mark_of
from services.loyalty.domain.model import LENT, Account, Hold, Lot, Offer
from services.loyalty.domain.policy import Policy

MOST_OFFERS = 20


def offer_transfer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Set points aside for another member, and tell that member's account; the transfer's id is the command's id."""
    command: commands.OfferTransfer = fact.data
    if command.to == fact.subject:
        raise TransferToOneself("choose another member", "/to")
    book = Book(account, fact, now, policy, "offer_transfer", fact.id)
    until = now + timedelta(days=policy.transfer_days)
    parts = set_aside(book, command.points, until, "transfer_offered")
    said = TransferOffered(fact.id, fact.subject, command.points, until)
    book.effects.append(Effect("TransferOffered", said, fact.id, command.to))
    return book.close(holds={**account.holds, fact.id: Hold(until, parts, command.to)})


def note_offer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Remember what is offered; who has too many offers declines."""
    offered: TransferOffered = fact.data
    waiting = {name: offer for name, offer in account.offers.items() if offer.until > now}
    if len(waiting) >= MOST_OFFERS:
        return account, [_answer(offered.transfer_id, offered.sender, fact, accepted=False)]
    offer = Offer(offered.sender, offered.points, offered.until)
    return replace(account, offers={**waiting, offered.transfer_id: offer}), ()


def accept_transfer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Agree; the points come when the sender's account has sent them."""
    return _answered(account, fact, now, accepted=True)


def decline_transfer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Do not agree; the sender's points come back."""
    return _answered(account, fact, now, accepted=False)


def settle_transfer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Send the points if they are still set aside and the receiver agrees; give them back if not."""
    answered: TransferAnswered = fact.data
    transfer_id = answered.transfer_id
    hold = account.holds.get(transfer_id)
    if hold is None or not hold.to:
        return account, ()
    book = Book(account, fact, now, policy, "settle_transfer", transfer_id)
    if not answered.accepted:
        give_back(book, transfer_id, "transfer_declined")
        return book.close()
    lots = tuple(LotPart(lot, points, book.lots[lot].expires_at) for lot, points in hold.parts.items())
    for side, subject, other in (("receiver", hold.to, fact.subject), ("sender", "", hold.to)):
        said = TransferSettled(transfer_id, side, other, lots)  # type: ignore[arg-type]
        book.effects.append(Effect("TransferSettled", said, f"{transfer_id}.{side}", subject))
    return _send(book, transfer_id, hold)


def book_transfer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """The receiver books what comes. The sender has booked it, unless a merge has made its account again meanwhile."""
    settled: TransferSettled = fact.data
    book = Book(account, fact, now, policy, "book_transfer", settled.transfer_id)
    if settled.side == "receiver":
        return _receive(book, settled)
    if account.has_mark(_mark(settled.transfer_id)):
        return account, ()
    hold = account.holds.get(settled.transfer_id)
    return _send(book, settled.transfer_id, hold or _lent(book, settled))


def _send(book: Book, transfer_id: str, hold: Hold) -> tuple[Account, Sequence[Effect]]:
    book.move(hold.parts, "held", "transferred")
    named = {"transfer_id": transfer_id, "direction": "out", "with_member": hold.to}
    book.post(PointsTransferred, "transfer_sent", "held", "transferred", hold.parts, **named)
    holds = {name: each for name, each in book.account.holds.items() if name != transfer_id}
    return book.close(holds=holds, once=book.account.once + _mark(transfer_id))


def _lent(book: Book, settled: TransferSettled) -> Hold:
    """What was sent and is not there any more, because a merge was undone, is owed."""
    parts = {LENT: sum(part.points for part in settled.lots)}
    book.lots.setdefault(LENT, Lot(LENT))
    book.move(parts, "granted", "held")
    book.post(DebtOpened, "transfer_lent", "debt", "held", parts)
    return Hold(book.now, parts, settled.with_member)


def _receive(book: Book, settled: TransferSettled) -> tuple[Account, Sequence[Effect]]:
    """With the ends they had; they repay debt first and do not count for the tier."""
    parts: dict[str, int] = {}
    for part in settled.lots:
        lot_id = _home(book, part)
        parts[lot_id] = parts.get(lot_id, 0) + part.points
    book.move(parts, "granted", "active")
    book.returned |= dict.fromkeys(parts)
    named = {"transfer_id": settled.transfer_id, "direction": "in", "with_member": settled.with_member}
    book.post(PointsTransferred, "transfer_received", "transferred", "active", parts, **named)
    for lot_id, points in parts.items():
        book.repay(lot_id, points)
    return book.close(offers={n: each for n, each in book.account.offers.items() if n != settled.transfer_id})


def _answered(account: Account, fact: Fact, now: datetime, accepted: bool) -> tuple[Account, Sequence[Effect]]:
    transfer_id = fact.data.transfer_id
    offer = account.offers.get(transfer_id)
    if offer is None or offer.until <= now:
        raise UnknownOffer("it was never offered, is answered, or was too long ago", "/transfer_id")
    left = {name: each for name, each in account.offers.items() if name != transfer_id}
    return replace(account, offers=left), [_answer(transfer_id, offer.sender, fact, accepted)]


def _answer(transfer_id: str, sender: str, fact: Fact, accepted: bool) -> Effect:
    return Effect("TransferAnswered", TransferAnswered(transfer_id, fact.subject, accepted), transfer_id, sender)


def _mark(transfer_id: str) -> bytes:
    """What says that a transfer was sent."""
    return mark_of("transfer", transfer_id)


def _home(book: Book, part: LotPart) -> str:
    """The lot of transferred points with the same end; of lent ones, which had none, a new one."""
    if part.expires_at is None:
        return book.open_lot("transfer", None)
    lot_id = "transfer." + part.lot_id.split(".", 1)[1]
    book.lots.setdefault(lot_id, Lot("transfer", part.expires_at))
    return lot_id
