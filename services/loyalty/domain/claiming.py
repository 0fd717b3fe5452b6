"""What an account asks of campaigns, and books of what they grant.

A visit, a survey, a suggestion asks once, for the points that the campaign is worth then. A deal claims what it is worth in
all, whenever that changes: what is paid is released, what is cancelled is not owed. What a campaign has granted for an
earning stays where it was granted, whoever the account is merged with.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.campaigns import CampaignClaimed, CampaignGranted, CampaignRequested, EarningKind
from contracts.facts.loyalty import PointsEarned
from services.loyalty.domain.campaign import Verdict, grant_id_of, judge
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.marks import mark_of
from services.loyalty.domain.model import Account, CampaignPoints, Deal, Extra
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.reversal import take_back


def verdicts(account: Account, fact: Fact, kind: EarningKind, earned: int, policy: Policy) -> list[Verdict]:
    """What each campaign in force says of an earning, as the account was before it."""
    return [judge(each, account, fact, earned) for each in policy.campaigns if each.campaign.kind == kind]


def claim(book: Book, kind: EarningKind, earned: int, project_id: str | None) -> None:
    """Ask each campaign that applies for its points; it answers the account."""
    for found in verdicts(book.before, book.fact, kind, earned, book.policy):
        if points := found.points(earned):
            grant_id = grant_id_of(found.campaign_id, book.fact.source, book.fact.id)
            about = book.cause.about
            asked = CampaignRequested(grant_id, kind, points, book.fact.subject, about, project_id or None)
            book.effects.append(Effect("CampaignRequested", asked, found.campaign_id, found.campaign_id))


def promised(account: Account, fact: Fact, earned: int, policy: Policy) -> dict[str, Extra]:
    """What campaigns promise for a deal that is signed now: decided once, by the signing."""
    found = verdicts(account, fact, "deal", earned, policy)
    return {each.campaign_id: Extra(each.bonus, each.percent) for each in found if each.bonus or each.percent}


def claim_for_deal(book: Book, deal_id: str, deal: Deal, earned: int) -> Deal:
    """Claim of each campaign what the deal is worth to it now: the points that are released and not cancelled."""
    extras = dict(deal.extras)
    for campaign_id, extra in deal.extras.items():
        points = deal.shared(extra.points(earned))[1]
        if points != extra.told:
            extras[campaign_id] = extra = extra.tell(points, book.now)
            effect = _claimed(campaign_id, deal_id, deal, extra, book.fact.subject)
            book.effects.append(effect._replace(natural=campaign_id))
    return replace(deal, extras=extras)


def claim_again(before: Account, after: Account, fact: Fact) -> Iterable[Effect]:
    """What deals are worth to campaigns after a merge, where it is not what they were told by this account before."""
    for deal_id, deal in after.deals.items():
        earlier = before.deals[deal_id].extras if deal_id in before.deals else {}
        for campaign_id in {**earlier, **deal.extras}:
            told, extra = earlier.get(campaign_id, Extra()).told, deal.extras.get(campaign_id, Extra())
            if extra.told != told:
                yield _claimed(campaign_id, deal_id, deal, extra.tell(extra.told, fact.recorded_at), fact.subject)


def book_campaign_points(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """Book what a campaign has granted for an earning, or take back what it owes no longer. For a deal it says so again and
    again; the newest holds.
    """
    granted: CampaignGranted = fact.data
    had = account.campaign_points.get(granted.grant_id, CampaignPoints())
    if granted.number <= had.number or account.has_mark(_folded_mark(granted.grant_id)):
        return account, ()
    book = Book(account, fact, now, policy, "book_campaign_points", granted.about)
    book.cause = replace(book.cause, campaign=granted.campaign_id)
    book.taken_to = "campaign"
    has = replace(_book(book, granted, had), number=granted.number)
    kept = {granted.grant_id: has} if granted.kind == "deal" else {}
    return book.close(campaign_points={**account.campaign_points, **kept})


def fold_away(account: Account, deals: Mapping[str, Deal]) -> tuple[dict[str, CampaignPoints], bytes]:
    """The points of campaigns that an account still has to know when it knows only these deals, and marks of the others."""
    gone = [
        grant_id_of(campaign_id, deal_id)
        for deal_id, deal in account.deals.items()
        if deal_id not in deals
        for campaign_id in deal.extras
    ]
    kept = {grant_id: each for grant_id, each in account.campaign_points.items() if grant_id not in set(gone)}
    return kept, b"".join(map(_folded_mark, gone))


def _book(book: Book, granted: CampaignGranted, had: CampaignPoints) -> CampaignPoints:
    more = granted.points - had.points
    if more <= 0:
        return take_back(book, had, -more, "campaign_taken_back")
    lot_id = book.open_lot("campaign", granted.project_id)
    book.move({lot_id: more}, "granted", "active")
    book.post(PointsEarned, granted.why, "campaign", "active", {lot_id: more})
    book.repay(lot_id, more)
    return replace(had, parts={**had.parts, lot_id: had.parts.get(lot_id, 0) + more})


def _claimed(campaign_id: str, deal_id: str, deal: Deal, extra: Extra, customer: str) -> Effect:
    assert extra.claimed_at is not None
    grant_id, project = grant_id_of(campaign_id, deal_id), deal.project_id or None
    said = CampaignClaimed(campaign_id, customer, deal_id, extra.told, extra.claimed_at, extra.number, project)
    return Effect("CampaignClaimed", said, grant_id, grant_id)


def _folded_mark(grant_id: str) -> bytes:
    return mark_of("campaign", grant_id)
