"""Old brings new (老带新): both sides are rewarded when a deal of the referee is signed and paid in full.

What a referral is worth is computed from all facts so far, and only the difference is booked, so that their order does
not matter: of the deals paid in full, the one of which most is left decides; with price p and cancelled c it is worth
floor(points·(p − c)/p). The referee's account tells the referrer's account the difference.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.leads import LeadCaptured
from contracts.facts.loyalty import PointsEarned, ReferralSettled
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.model import Account, Deal, Referral, Referred
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.reversal import take_back


def remember_referrer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """The earliest lead that names a referrer decides who it was; oneself is nobody."""
    lead: LeadCaptured = fact.data
    stamp, before = (fact.time, fact.id), account.referred
    if lead.referrer in (None, fact.subject) or (before and before.by <= stamp):
        return account, ()
    assert lead.referrer is not None
    if before and before.referrer == lead.referrer:
        return replace(account, referred=replace(before, by=stamp)), ()
    book = Book(account, fact, now, policy, "remember_referrer", "")
    if before is not None:
        tell_referrer(book, before, 0, account.deals)
    own = before.own if before else Referral()
    referred = settle_referral(book, Referred(lead.referrer, stamp, 0, own), account.deals, "deal")
    return book.close(referred=referred)


def reward_referrer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Give the referrer what the referral has become worth, or take it back."""
    said: ReferralSettled = fact.data
    if said.referee == fact.subject:
        return account, ()
    book = Book(account, fact, now, policy, "reward_referrer", said.deal_id)
    before = account.referrals.get(said.referee, Referral())
    after = book_referral(book, replace(before, due=before.due + said.points), said.project_id)
    return book.close(referrals={**account.referrals, said.referee: after})


def settle_referral(book: Book, referred: Referred | None, deals: Mapping[str, Deal], why: str) -> Referred | None:
    """Book the referee's part, and tell the referrer what changed."""
    if referred is None:
        return None
    share, deal_id = best_share(deals)
    project = deals[deal_id].project_id if deal_id else ""
    own = replace(referred.own, due=worth(book.policy.referee_points, share))
    referred = replace(referred, own=book_referral(book, own, project))
    return tell_referrer(book, referred, worth(book.policy.referrer_points, share), deals)


def tell_referrer(book: Book, referred: Referred, points: int, deals: Mapping[str, Deal]) -> Referred:
    """Say to the referrer's account how much more, or less, the referral is worth than it was told."""
    if points != referred.told:
        deal_id = best_share(deals)[1] or next(iter(deals), "none")
        project = deals[deal_id].project_id if deal_id in deals else ""
        said = ReferralSettled(book.fact.subject or "none", points - referred.told, deal_id, project or None)
        book.effects.append(Effect("ReferralSettled", said, referred.referrer, referred.referrer))
    return replace(referred, told=points)


def book_referral(book: Book, referral: Referral, project_id: str | None) -> Referral:
    """Give or take back points until as many are booked as are due."""
    missing = max(0, referral.due) - referral.booked
    if missing <= 0:
        return take_back(book, referral, -missing, "referral_clawed_back")
    lot_id = book.open_lot("referral", project_id or None)
    book.move({lot_id: missing}, "granted", "active")
    book.post(PointsEarned, "referral_rewarded", "program", "active", {lot_id: missing})
    book.repay(lot_id, missing)
    return replace(referral, parts={**referral.parts, lot_id: referral.parts.get(lot_id, 0) + missing})


def best_share(deals: Mapping[str, Deal]) -> tuple[tuple[int, int], str]:
    """Of the deals signed and paid in full: what is left of the price, of the price (fen), and which deal; (0, 1), ""."""
    best, named = (0, 1), ""
    for deal_id, deal in sorted(deals.items()):
        if deal.signed and deal.price and deal.paid >= deal.price:
            left = max(0, deal.price - deal.cancelled)
            if left * best[1] > best[0] * deal.price:
                best, named = (left, deal.price), deal_id
    return best, named


def worth(points: int, share: tuple[int, int]) -> int:
    """The share of the points, rounded down."""
    return points * share[0] // share[1]
