"""What becomes due by itself: holds run out, lots expire, tiers are looked at again, claims of referrers lapse."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import PointsExpired
from services.loyalty.domain.commands import Due
from services.loyalty.domain.holds import give_back
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.referral import next_lapse, settle_referrals
from services.loyalty.domain.tiers import tier_due
from services.loyalty.domain.warning import next_warning, warn


def next_due(account: Account, policy: Policy) -> Due | None:
    """The next thing that becomes due on this account by itself, if anything; the earliest first."""
    due = [Due("hold_timeout", hold.until) for hold in account.holds.values()]
    due += [Due("lot_expiry", lot.expires_at) for lot in account.lots.values() if lot.active and lot.expires_at]
    review = tier_due(account, policy)
    due += [Due("tier_review", review)] if review else []
    due += [Due("offer_timeout", offer.until) for offer in account.offers.values()]
    due += [Due("offer_timeout", proposal.until) for proposal in account.proposals.values()]
    lapse = next_lapse(account, policy)
    due += [Due("referral_lapse", lapse)] if lapse else []
    warning = next_warning(account, policy)
    due += [Due("expiry_warning", warning)] if warning else []
    return min(due, key=lambda entry: (entry.due_at, entry.kind), default=None)


def fire_due(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Do what is due at `due_at`; what became due meanwhile and is done already is left alone.

    The tier is looked at whenever a book is closed, as of `due_at`, so a review needs nothing else.
    """
    due: Due = fact.data
    book = Book(account, fact, due.due_at, policy, "fire_due", due.kind)
    if due.kind == "hold_timeout":
        _time_out_holds(book, due.due_at)
    elif due.kind == "lot_expiry":
        _expire_lots(book, due.due_at)
    elif due.kind == "expiry_warning":
        warn(book, due.due_at)
    elif due.kind == "offer_timeout":
        _forget_offers(book, due.due_at)
    elif due.kind == "referral_lapse":
        return book.close(**settle_referrals(book, account, account.deals))
    return book.close()


def _forget_offers(book: Book, due_at: datetime) -> None:
    """Offers of transfers and proposals of adjustments that nobody has decided in time."""
    offers = {name: offer for name, offer in book.account.offers.items() if offer.until > due_at}
    proposals = {name: each for name, each in book.account.proposals.items() if each.until > due_at}
    book.account = replace(book.account, offers=offers, proposals=proposals)


def _time_out_holds(book: Book, due_at: datetime) -> None:
    for hold_id, hold in book.account.holds.items():
        if hold.until <= due_at:
            give_back(book, hold_id, "hold_timed_out")


def _expire_lots(book: Book, due_at: datetime) -> None:
    lots = {lot_id: lot for lot_id, lot in book.lots.items() if lot.expires_at and lot.expires_at <= due_at}
    parts = {lot_id: lot.active for lot_id, lot in lots.items() if lot.active}
    book.move(parts, "active", "expired")
    book.post(PointsExpired, "lot_expired", "active", "breakage", parts)
