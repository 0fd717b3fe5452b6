"""What facts tell beyond that they happened: values of a person, what was heard in talks, deals, satisfaction.

Every rule here gives the same customer whatever the order of the facts.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.customers import CustomerDescribed
from contracts.facts.leads import LeadContacted
from contracts.facts.tickets import SatisfactionChanged
from services.profile.domain.describing import describe, with_key
from services.profile.domain.lifecycle import MAN, move_on
from services.profile.domain.model import Bought, Customer, Golden, Level, Mark, Scores
from services.profile.domain.policy import Policy

Told = tuple[Customer, Sequence[Effect]]

FIELDS = ("birthday", "family", "hobbies", "occupation", "preferences")
"""Values of which one is believed; all are in the vault."""

MOST_DEALS = 200


def choose_golden_values(customer: Customer, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Of each value said of a person the one that is believed, with the fact that said it."""
    said: CustomerDescribed = fact.data
    described, _ = describe(customer, fact, now, policy)
    golden, mark = described.golden, _mark(fact)
    for name in FIELDS:
        reference = getattr(said, name)
        if reference is not None:
            value = Golden(said.verified, policy.rank(fact.source), mark, reference)
            golden = with_key(golden, name, max(golden.get(name, value), value, key=_belief))
    return move_on(customer, replace(described, golden=golden), fact, policy)


def note_contact(customer: Customer, fact: Fact, now: datetime, policy: Policy) -> Told:
    """What was last heard of money, authority and need."""
    said: LeadContacted = fact.data
    described, _ = describe(customer, fact, now, policy)
    man, mark = described.man, _mark(fact)
    for name in MAN:
        answer = getattr(said.man, name, None)
        if answer is not None:
            level = Level(mark, answer.level)
            man = with_key(man, name, max(man.get(name, level), level, key=lambda each: each.mark))
    return move_on(customer, replace(described, man=man), fact, policy)


def note_deal(customer: Customer, fact: Fact, now: datetime, policy: Policy) -> Told:
    """What is signed, handed over and cancelled of the newest 200 deals."""
    described, _ = describe(customer, fact, now, policy)
    deal_id: str = fact.data.deal_id
    deals = with_key(described.deals, deal_id, _dealt(described.deals.get(deal_id, Bought()), fact))
    if len(deals) > MOST_DEALS:
        del deals[min(deals)]
    return move_on(customer, replace(described, deals=deals), fact, policy)


def note_satisfaction(customer: Customer, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The newest score; it is no event of the customer's, so it is not counted. Of two that were told in one moment, for
    the facts behind them came together, the one that rests on more is the later.
    """
    said: SatisfactionChanged = fact.data
    stated, overall = said.stated, said.overall
    scores = Scores(
        fact.recorded_at, said.as_of, fact.id, stated.score, stated.confidence, overall.score, overall.confidence
    )
    newest = max(customer.scores or scores, scores, key=_told_at)
    return move_on(customer, replace(customer, scores=newest), fact, policy)


def _told_at(scores: Scores) -> tuple[datetime, datetime, float, str]:
    sure = scores.stated_confidence + scores.overall_confidence
    return scores.recorded_at, scores.as_of, sure, scores.id


def _dealt(deal: Bought, fact: Fact) -> Bought:
    if fact.type == "crm.deal.handed_over.v1":
        return replace(deal, handed_over=True)
    if fact.type == "crm.deal.cancelled.v1":
        return replace(deal, cancelled=deal.cancelled + _fen(fact.data.cancelled_amount))
    deal = replace(deal, signed=deal.signed or fact.type == "crm.deal.signed.v1")
    mark = _mark(fact)
    if fact.data.price is None or (deal.priced and mark < deal.priced):
        return deal
    return replace(deal, price=_fen(fact.data.price), priced=mark)


def _belief(value: Golden) -> tuple[bool, int, Mark]:
    return value.verified, value.rank, value.mark


def _fen(amount: object) -> int:
    return int(amount.decimal * 100)  # type: ignore[attr-defined]


def _mark(fact: Fact) -> Mark:
    return Mark(fact.time, fact.source, fact.id, fact.type)
