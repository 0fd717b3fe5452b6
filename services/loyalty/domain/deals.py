"""Points of deals. Whatever fact comes, in whatever order: what the deal entitles to is computed from all facts about
it so far, and only the difference to what is booked is booked.

With price p, paid q, cancelled c: granted G = floor(p / yuan per point), released R = floor(G·q/p), or G once handed
over, reversed V = floor(G·c/p); then active = min(R, G − V) and pending = G − V − active.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts import deals as facts
from contracts.facts.loyalty import PointsEarned, PointsReleased, PointsReversed
from services.loyalty.domain.claiming import claim_for_deal, fold_away, promised
from services.loyalty.domain.claims import CONTRACTED
from services.loyalty.domain.errors import DealFoldedAway, TooManyDeals
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.marks import mark_of
from services.loyalty.domain.model import PENDING_LOT, Account, Deal, Lot
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.referral import best_share, settle_referrals, with_step
from services.loyalty.domain.reversal import take_back

DEALS_BEFORE_FOLDING = 128
DEALS_AFTER_FOLDING = 64
MOST_UNSETTLED_DEALS = 300


def grant_points_for_signed_deal(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """A signed deal grants pending points; payments that came before it release theirs at once."""
    signed: facts.DealSigned = fact.data
    deal = account.deals.get(signed.deal_id, Deal())
    account = with_step(account, fact, CONTRACTED)
    known, deal = deal.signed, replace(deal, signed=True, project_id=signed.project_id)
    deal = _priced(deal, signed.price.decimal, fact)
    if not known:
        deal = replace(deal, extras=promised(account, fact, worth_of(deal, policy), policy))
    return _settle(account, deal, fact, now, policy, ("grant_points_for_signed_deal", "deal_signed"))


def release_points_for_payment(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """A payment releases its share of the deal's points."""
    payment: facts.PaymentReceived = fact.data
    deal = account.deals.get(payment.deal_id, Deal())
    deal = replace(deal, paid=deal.paid + _fen(payment.amount.decimal))
    return _settle(account, deal, fact, now, policy, ("release_points_for_payment", "payment_received"))


def release_points_at_handover(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """The handover releases what is left."""
    deal = replace(account.deals.get(fact.data.deal_id, Deal()), handed_over=True)
    return _settle(account, deal, fact, now, policy, ("release_points_at_handover", "deal_handed_over"))


def recompute_points_of_changed_deal(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """A new price grants or reverses the difference; other changes move no points."""
    changed: facts.DealChanged = fact.data
    if changed.price is None:
        return account, ()
    _refuse_if_folded_away(account, changed.deal_id)
    deal = _priced(account.deals.get(changed.deal_id, Deal()), changed.price.decimal, fact)
    return _settle(account, deal, fact, now, policy, ("recompute_points_of_changed_deal", "deal_changed"))


def reverse_points_of_cancelled_deal(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """A cancelled signed deal loses its share of points: pending ones first, then active, held, and what was spent."""
    cancelled: facts.DealCancelled = fact.data
    if cancelled.stage != "signed":
        return account, ()
    _refuse_if_folded_away(account, cancelled.deal_id)
    deal = account.deals.get(cancelled.deal_id, Deal())
    deal = replace(deal, cancelled=deal.cancelled + _fen(cancelled.cancelled_amount.decimal))
    return _settle(account, deal, fact, now, policy, ("reverse_points_of_cancelled_deal", "deal_cancelled"))


def entitlement(deal: Deal, policy: Policy) -> tuple[int, int]:
    """The points (pending, active) the facts about a deal entitle to."""
    return deal.shared(worth_of(deal, policy))


def worth_of(deal: Deal, policy: Policy) -> int:
    """The points that its price is worth."""
    return deal.price // (100 * policy.yuan_per_point)


def _settle(
    account: Account, deal: Deal, fact: Fact, now: datetime, policy: Policy, named: tuple[str, str]
) -> tuple[Account, Sequence[Effect]]:
    deal_id, (rule, why) = fact.data.deal_id, named
    if deal_id not in account.deals and account.has_mark(_folded_mark(deal_id)):
        return account, ()
    book = Book(account, fact, now, policy, rule, deal_id)
    pending, active = entitlement(deal, policy)
    released = max(0, active - deal.active)
    deal = _match_pending(book, deal, pending + released, why)
    deal = _release(book, deal, released, why)
    deal = take_back(book, deal, deal.active - active, why)
    deal = claim_for_deal(book, deal_id, deal, worth_of(deal, policy))
    deals = {**account.deals, deal_id: deal}
    referral = settle_referrals(book, account, deals)
    deals, once = _fold_settled(deals, account.once, best_share(deals)[1] if referral else "")
    campaign_points, folded = fold_away(replace(account, deals={**account.deals, deal_id: deal}), deals)
    return book.close(deals=deals, once=once + folded, campaign_points=campaign_points, **referral)


def _match_pending(book: Book, deal: Deal, target: int, why: str) -> Deal:
    book.lots.setdefault(PENDING_LOT, Lot("deal"))
    granted, reversed_ = {PENDING_LOT: max(0, target - deal.pending)}, {PENDING_LOT: max(0, deal.pending - target)}
    book.move(granted, "granted", "pending")
    book.post(PointsEarned, why, "program", "pending", granted, state="pending")
    book.move(reversed_, "pending", "reversed")
    book.post(PointsReversed, why, "pending", "reversed", reversed_)
    return replace(deal, pending=target)


def _release(book: Book, deal: Deal, points: int, why: str) -> Deal:
    if not points:
        return deal
    lot_id = book.open_lot("deal", deal.project_id)
    book.move({PENDING_LOT: points}, "pending", "transferred")
    book.move({lot_id: points}, "granted", "active")
    book.post(PointsReleased, why, "pending", "active", {lot_id: points})
    book.qualify(lot_id, points)
    book.repay(lot_id, points)
    parts = {**deal.parts, lot_id: deal.parts.get(lot_id, 0) + points}
    return replace(deal, pending=deal.pending - points, parts=parts)


def _priced(deal: Deal, price: Decimal, fact: Fact) -> Deal:
    stamp = (fact.time, fact.id)
    if deal.priced_by and stamp < deal.priced_by:
        return deal
    return replace(deal, price=_fen(price), priced_by=stamp)


def _fold_settled(deals: dict[str, Deal], once: bytes, kept_for_referral: str) -> tuple[dict[str, Deal], bytes]:
    if _weight(deals) <= DEALS_BEFORE_FOLDING:
        return deals, once
    over, settled = _weight(deals) - DEALS_AFTER_FOLDING, set[str]()
    for deal_id, deal in deals.items():
        if over > 0 and deal.settled and deal_id != kept_for_referral:
            settled.add(deal_id)
            over -= deal.weight
    kept = {deal_id: deal for deal_id, deal in deals.items() if deal_id not in settled}
    if _weight(kept) > MOST_UNSETTLED_DEALS:
        raise TooManyDeals(f"an account holds at most {MOST_UNSETTLED_DEALS} unsettled deals, and what campaigns add")
    return kept, once + b"".join(_folded_mark(deal_id) for deal_id in deals if deal_id in settled)


def _weight(deals: Mapping[str, Deal]) -> int:
    return sum(deal.weight for deal in deals.values())


def _refuse_if_folded_away(account: Account, deal_id: str) -> None:
    if deal_id not in account.deals and account.has_mark(_folded_mark(deal_id)):
        raise DealFoldedAway("the deal was settled and folded away", "/data/deal_id")


def _folded_mark(deal_id: str) -> bytes:
    return mark_of("deal", deal_id)


def _fen(amount: Decimal) -> int:
    return int(amount * 100)
