"""Old brings new (老带新): both sides are rewarded when a deal of the referee is signed and paid in full.

What a referral is worth is computed from all facts so far, and only the difference is booked, so that their order does
not matter: of the deals paid in full, the one of which most is left decides; with price p and cancelled c it is worth
floor(points·(p − c)/p). Whose referral it is, `claims` says. The referee's account tells the referrers' accounts what has
changed for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.leads import LeadCaptured
from contracts.facts.loyalty import PointsEarned
from contracts.facts.referrals import ReferralChanged, ReferralSettled, ReferralSubmitted
from services.loyalty.domain.claims import (
    CLAWED_BACK,
    QUALIFIED,
    SUBSCRIBED,
    Claim,
    Referral,
    Steps,
    Told,
    Verdict,
    earliest,
    standings,
)
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.model import Account, Deal
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.reversal import take_back

BEGIN_OF_TIME = datetime(1, 1, 1, tzinfo=UTC)
MOST_CLOSED = 100
"""Referrals of a member that came to nothing and are remembered, the newest."""


def remember_referrer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """A lead may name who brought the customer; oneself is nobody."""
    lead: LeadCaptured = fact.data
    if lead.referrer in (None, fact.subject):
        return account, ()
    assert lead.referrer is not None
    book = Book(account, fact, now, policy, "remember_referrer", "")
    return _claimed(book, Claim(lead.referrer, fact.time, lead.project_id), answer=False)


def note_submission(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """A member says to have brought this customer, and is told what becomes of it, whatever it is."""
    said: ReferralSubmitted = fact.data
    if said.referrer == fact.subject:
        return account, ()
    book = Book(account, fact, now, policy, "note_submission", "")
    return _claimed(book, Claim(said.referrer, fact.time, said.project_id or ""), answer=True)


def note_subscription(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """A subscription to a unit is a step on the way of a referral; it moves no points."""
    account = with_step(account, fact, SUBSCRIBED)
    book = Book(account, fact, now, policy, "note_subscription", fact.data.deal_id)
    referral = settle_referrals(book, account, account.deals)
    return book.close(**referral) if referral else (account, ())


def reward_referrer(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Give the referrer what the referral has become worth, or take it back; and remember how far it has come."""
    said: ReferralSettled = fact.data
    if said.referee == fact.subject:
        return account, ()
    book = Book(account, fact, now, policy, "reward_referrer", said.deal_id)
    before = account.referrals.get(said.referee, Referral())
    heard = _heard(replace(before, due=before.due + said.points), said, fact.time)
    after = book_referral(book, heard, said.project_id)
    say_referral(book, said.referee, before, after)
    return book.close(referrals=_remembered({**account.referrals, said.referee: after}))


def with_step(account: Account, fact: Fact, reached: int) -> Account:
    """The account of a customer who has come so far (`claims.STEPS`)."""
    account = with_claims(account)
    steps = account.steps.and_also(fact.time, reached) if account.steps else Steps(fact.time, reached)
    return account if steps == account.steps else replace(account, steps=steps)


def with_claims(account: Account) -> Account:
    """An account as it is kept now: in older versions the earliest referrer stood alone, and nobody asked for steps."""
    known = account.referred
    if known is None:
        return account
    (at, name), signed = known.by, any(deal.signed for deal in account.deals.values())
    steps = Steps(at, QUALIFIED - 1) if signed else account.steps
    told = {known.referrer: Told(known.told)}
    claims = {name: Claim(known.referrer, at)}
    return replace(account, referred=None, claims=claims, told=told, own=known.own, steps=steps)


def settle_referrals(book: Book, account: Account, deals: Mapping[str, Deal], answer: str = "") -> dict[str, Any]:
    """Book the referee's part, and tell each referrer what changed for it, `answer` in any case. Returns what changes in the
    account; nothing, if nobody claims to have referred it.
    """
    account, policy = with_claims(account), book.policy
    if not account.claims:
        return {}
    found = standings(account.claims, account.steps, _farthest(account, deals), book.now, policy.referral_days)
    share, deal_id = best_share(deals) if found.referrer else ((0, 1), "")
    project = deals[deal_id].project_id if deal_id else ""
    own = book_referral(book, replace(account.own, due=worth(policy.referee_points, share)), project)
    told = dict(account.told)
    for referrer in {**account.told, **found.verdicts}:
        verdict, before = found.verdicts.get(referrer, Verdict(None)), told.get(referrer, Told())
        points = worth(policy.referrer_points, share) if referrer == found.referrer else 0
        if referrer == answer or (points, *verdict[:2]) != (before.points, before.state, before.reason):
            told[referrer] = before.tell(points, verdict, book.now)
            deal = deal_id or next(iter(deals), "none")
            book.effects.append(_settled(book.fact.subject, referrer, before, told[referrer], deal, project))
    return {"claims": account.claims, "told": told, "own": own, "steps": account.steps, "referred": None}


def tell_referrers_again(before: Account, after: Account, fact: Fact) -> Iterable[Effect]:
    """After a merge: what referrers were told by one account is taken back, and told by the other."""
    was, now = with_claims(before).told, with_claims(after).told
    for referrer in {**was, **now}:
        old, new = was.get(referrer, Told()), now.get(referrer, Told())
        if (old.points, old.state, old.reason) != (new.points, new.state, new.reason):
            again = replace(new, number=max(old.number, new.number))
            again = again.tell(new.points, Verdict(new.state, new.reason), fact.recorded_at)
            yield _settled(fact.subject, referrer, old, again, "merge", "")


def next_lapse(account: Account, policy: Policy) -> datetime | None:
    """When the next claim lapses of which the referrer was told that it is ACCEPTED."""
    waiting = {referrer for referrer, told in account.told.items() if told.state == "ACCEPTED"}
    if not waiting:
        return None
    found = standings(account.claims, account.steps, 0, BEGIN_OF_TIME, policy.referral_days)
    return min((each.until for name, each in found.verdicts.items() if name in waiting and each.until), default=None)


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


def say_referral(book: Book, referee: str, before: Referral, after: Referral) -> None:
    """Make known that a referral of this member came to another state, inside a book."""
    if after.shown and (before.shown, before.reason) != (after.shown, after.reason):
        reason, version = after.reason or None, book.policy.version
        said = ReferralChanged(referee, after.shown, reason, after.booked, version, book.cause)
        book.effects.append(Effect("ReferralChanged", said, referee))


def best_share(deals: Mapping[str, Deal]) -> tuple[tuple[int, int], str]:
    """Of the deals signed and paid in full: what is left of the price, of the price (fen), and which deal; (0, 1), ""."""
    best, named = (0, 1), ""
    for deal_id, deal in sorted(deals.items()):
        if _paid(deal):
            left = max(0, deal.price - deal.cancelled)
            if left * best[1] > best[0] * deal.price:
                best, named = (left, deal.price), deal_id
    return best, named


def worth(points: int, share: tuple[int, int]) -> int:
    """The share of the points, rounded down."""
    return points * share[0] // share[1]


def _claimed(book: Book, claim: Claim, answer: bool) -> tuple[Account, Sequence[Effect]]:
    """One more claim; who is the twenty-first is told that there are too many."""
    account = with_claims(book.account)
    claims = earliest({**account.claims, book.fact.id: claim})
    if book.fact.id not in claims:
        told = Told().tell(0, Verdict("REJECTED", "too_many_claims"), book.now)
        if answer and all(each.referrer != claim.referrer for each in claims.values()):
            book.effects.append(_settled(book.fact.subject, claim.referrer, Told(), told, "none", claim.project_id))
        return book.close()
    account = replace(account, claims=claims)
    return book.close(**settle_referrals(book, account, account.deals, claim.referrer if answer else ""))


def _settled(referee: str, referrer: str, before: Told, after: Told, deal_id: str, project: str) -> Effect:
    more, reason = after.points - before.points, after.reason or None
    said = ReferralSettled(referee, more, deal_id, project or None, after.state, reason, after.said_at, after.number)
    return Effect("ReferralSettled", said, referrer, referrer)


def _heard(referral: Referral, said: ReferralSettled, time: datetime) -> Referral:
    """A referral after what was said of its state, if that is newer than what was heard."""
    if said.said_at is None or (
        referral.said_at is not None and (said.said_at, said.number) <= (referral.said_at, referral.number)
    ):
        return referral
    known = replace(referral, said_at=said.said_at, number=said.number)
    if (said.state, said.reason or "") == (referral.state, referral.reason):
        return known
    return replace(known, state=said.state, reason=said.reason or "", at=time)


def _remembered(referrals: dict[str, Referral]) -> dict[str, Referral]:
    """Without those that are nobody's any more, and without the oldest that came to nothing."""
    kept = {name: each for name, each in referrals.items() if each.state or each.due or each.parts}
    closed = [
        (each.at, name)
        for name, each in kept.items()
        if each.state in ("REJECTED", "LAPSED") and each.at and not (each.due or each.parts)
    ]
    for _, name in sorted(closed)[: max(0, len(closed) - MOST_CLOSED)]:
        del kept[name]
    return kept


def _farthest(account: Account, deals: Mapping[str, Deal]) -> int:
    if any(map(_paid, deals.values())):
        return QUALIFIED if best_share(deals)[1] else CLAWED_BACK
    return account.steps.reached if account.steps else 0


def _paid(deal: Deal) -> bool:
    return deal.signed and deal.price > 0 and deal.paid >= deal.price
