"""Reading the ledger back: a statement, and why a balance is what it is. Pure over the facts loyalty has published.

The facts are the `crm.points.*`, `crm.debt.*` and tier facts of one account in the order they were made.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from contracts.fact import Fact
from contracts.facts.loyalty import LotPart, Movement
from services.loyalty.domain.model import Account, Balances

MEMBER_ACCOUNTS = ("pending", "active", "held", "debt", "blocked")

SENTENCES = {
    "visit_completed": "A visit was completed; points are given once per project and week.",
    "survey_answered": "A survey was answered; points are given once per survey and subject.",
    "suggestion_accepted": "A suggestion was accepted; points are given once per suggestion.",
    "deal_signed": "A deal was signed; its points are pending until it is paid.",
    "payment_received": "A payment came in and released its share of the deal's points.",
    "deal_handed_over": "The deal was handed over, which releases the rest of its points.",
    "deal_changed": "The price of the deal changed, and its points with it.",
    "deal_cancelled": "The deal was cancelled wholly or in part, and its share of points taken back.",
    "adjustment_approved": "Two persons gave points, or took them, by hand.",
    "reward_requested": "Points were set aside for a reward.",
    "reward_redeemed": "A piece of the reward was there, and the points were spent.",
    "reward_sold_out": "No piece of the reward was left; the points came back.",
    "reward_changed": "The reward had changed its price; the points came back.",
    "tier_too_low": "The reward is for members of a higher tier; the points came back.",
    "reward_overrun": "Too many pieces of the reward were on their way; the points came back.",
    "redemption_ended": "The redemption had been given up; the points came back.",
    "told_by_staff": "Somebody who hands rewards out said so.",
    "reward_withdrawn": "The reward was not offered any more; the points came back.",
    "redemption_lent": "A reward was had for points that, after a merge was undone, were never there: they are owed.",
    "transfer_offered": "Points were set aside for another member, who has to agree.",
    "transfer_declined": "The other member did not agree in time; the points came back.",
    "transfer_sent": "The other member agreed; the points went there.",
    "transfer_lent": "Points went to another member that, after a merge was undone, were never there: they are owed.",
    "transfer_received": "Another member gave these points.",
    "contribution_set_aside": "Points were set aside for the household's pool.",
    "pool_contributed": "The points went into the household's pool.",
    "contribution_returned": "The household did not have this member any more; the points came back.",
    "contribution_lent": "Points went into a pool that, after a merge was undone, were never there: they are owed.",
    "pool_withdrawn": "A member had these points out of the household's pool.",
    "pool_expired": "Points in the household's pool reached the end of their time.",
    "debt_repaid_first": "New points repay what is owed before anything else.",
    "hold_requested": "Points were set aside for a redemption.",
    "hold_captured": "The points set aside were spent.",
    "hold_not_needed": "Only a part of the points set aside was spent; the others came back.",
    "spend_refunded": "A spend was taken back; its points went to the lots they came from.",
    "hold_voided": "The redemption was given up; its points came back.",
    "hold_timed_out": "The redemption was not completed in time; its points came back.",
    "hold_voided_deal_cancelled": "Points set aside had to be taken back for a cancelled deal; the hold was voided.",
    "hold_voided_deal_changed": "Points set aside had to be taken back for a changed deal; the hold was voided.",
    "hold_voided_deal_signed": "Points set aside had to be taken back for a deal signed anew; the hold was voided.",
    "hold_voided_referral_clawed_back": "Points set aside had to be taken back for a referral; the hold was voided.",
    "referral_rewarded": "A deal that came by a referral was signed and paid in full.",
    "referral_clawed_back": "A deal that came by a referral was cancelled, wholly or in part.",
    "campaign_granted": "A campaign gave points for this, out of its budget.",
    "campaign_granted_in_part": "A campaign gave what was left of its budget for this.",
    "campaign_taken_back": "A deal came to less than a campaign had given points for; the rest went back to its budget.",
    "hold_voided_campaign_taken_back": "Points set aside had to be taken back for a campaign; the hold was voided.",
    "merge_correction": "Two customers turned out to be one person, or not to be: the account is counted again.",
    "lot_blocked": "The points of a lot were blocked until somebody has looked at them.",
    "lot_unblocked": "The points of a lot were unblocked.",
    "lot_expired": "The points reached the end of their time.",
}

VERDICTS = {
    "campaign_applies": "The campaign was asked for points.",
    "campaign_not_then": "It happened before the campaign's first day, or after its last.",
    "campaign_not_for_tier": "The campaign gives nothing to members of this tier.",
    "campaign_condition_false": "The campaign's condition did not hold.",
    "campaign_condition_failed": "The campaign's condition has no value for this, so it does not hold.",
    "campaign_granted": "The campaign gave the points it was asked for.",
    "campaign_granted_in_part": "The campaign gave what was left of its budget.",
    "campaign_taken_back": "The deal came to less, and points went back to the campaign's budget.",
    "campaign_budget_spent": "The campaign's budget was spent.",
    "campaign_draft": "The campaign was not scheduled.",
    "campaign_paused": "The campaign was paused.",
    "campaign_ended": "The campaign was over.",
}
"""What a campaign says of an earning, and its budget of a request."""

SILENCES = {
    "crm.lead.captured.v1": "A referral is rewarded when a deal is signed and paid in full.",
    "crm.reward.answered.v1": "The points were no longer set aside, or spent already.",
    "crm.redemption.confirmed.v1": "The points of this redemption had been spent already.",
    "crm.reward.requested.v1": "A request to a reward moves none of its points.",
    "crm.reward.returned.v1": "A piece that comes back moves no points.",
    "crm.reward.delivered.v1": "A piece that was handed out had been paid for.",
    "crm.campaign.granted.v1": "The campaign gave nothing, or nothing more.",
    "crm.campaign.requested.v1": "A request to a campaign moves points when it is granted.",
    "crm.campaign.returned.v1": "What comes back to a budget was taken from the account before.",
    "crm.campaign.claimed.v1": "A claim to a campaign moves points when it is granted.",
    "crm.campaign.answered.v1": "The campaign's answer moves points when the account has heard it.",
    "crm.household.founded.v1": "Who founds a household gives it no points.",
    "crm.household.invited.v1": "An invitation moves no points.",
    "crm.household.answered.v1": "Who joins a household gives it no points.",
    "crm.household.settled.v1": "Who leaves a household takes no points out of its pool.",
    "crm.pool.contributed.v1": "Who gave the points is no member of the household; they go back.",
    "crm.pool.answered.v1": "The household took the points, which had left before.",
    "crm.pool.paid.v1": "Points out of a pool are booked as they come.",
    "crm.transfer.offered.v1": "An offer moves no points before it is accepted.",
    "crm.transfer.answered.v1": "The points were no longer set aside.",
    "crm.transfer.settled.v1": "Nothing came of the transfer.",
    "crm.referral.submitted.v1": "A referral is rewarded when a deal is signed and paid in full.",
    "crm.deal.subscribed.v1": "A subscription moves no points; it is a step of a referral.",
    "crm.referral.settled.v1": "The referral came to another state that moves no points, or nobody can refer oneself.",
    "crm.visit.completed.v1": "Points for a visit to this project in this week had been given already.",
    "crm.survey.answered.v1": "Points for this survey about the same subject had been given already.",
    "crm.suggestion.accepted.v1": "Points for this suggestion had been given already.",
    "crm.deal.signed.v1": "The price is too low for a point, or the signing was known already.",
    "crm.deal.payment_received.v1": "The deal is not signed yet, or the payment completes no further point.",
    "crm.deal.handed_over.v1": "The deal is not signed yet, or all its points had been released.",
    "crm.deal.changed.v1": "The price in force did not change by a point.",
    "crm.deal.cancelled.v1": "The deal was not signed, or the cancellation does not amount to a point.",
}
"""Fact type → why a fact of it may have moved no points."""


class Line(NamedTuple):
    """One line of a statement: what moved, why, and the member's balances after it."""

    time: datetime
    type: str
    points: int
    why: str
    sentence: str
    about: str
    balances: Balances


class Reason(NamedTuple):
    """One movement that makes up a balance: signed `points`, the fact, rule and policy behind it, and the lots."""

    points: int
    why: str
    sentence: str
    rule: str
    policy_version: str
    cause_source: str
    cause_id: str
    about: str
    lots: tuple[LotPart, ...]
    campaign: str = ""


def statement(facts: Iterable[Fact]) -> list[Line]:
    """The movements in order, each with the balances after it."""
    lines, balances = [], Balances()
    for fact in facts:
        if isinstance(fact.data, Movement):
            moved = fact.data
            balances = booked(balances, moved)
            lines.append(_line(fact, moved, balances))
    return lines


def explain(facts: Iterable[Fact], ledger_account: str) -> list[Reason]:
    """Every movement on one ledger account (`active`, say); their points sum to its balance."""
    reasons = (_reason(fact.data, ledger_account) for fact in facts if isinstance(fact.data, Movement))
    return [reason for reason in reasons if reason.points]


def movements_of(facts: Iterable[Fact], source: str, fact_id: str) -> list[Reason]:
    """Every movement that a fact caused, in the order booked."""
    moved = (fact.data for fact in facts if isinstance(fact.data, Movement))
    return [reason_of(each) for each in moved if (each.cause.source, each.cause.id) == (source, fact_id)]


def reason_of(moved: Movement) -> Reason:
    """A whole movement, and why."""
    return _told(moved, moved.points)


def explain_silence(type_name: str) -> str:
    """Why a fact of this type, when it moved no points, did not."""
    return SILENCES.get(type_name, "Facts of this kind move no points.")


def booked(balances: Balances, moved: Movement) -> Balances:
    """Balances after the entries of a movement."""
    after = msgspec.structs.asdict(balances)
    for entry in moved.entries:
        after[entry.account] += entry.points
    return Balances(**after)


def reconcile(account: Account, facts: Iterable[Fact]) -> list[str]:
    """What is wrong between an account, its lots and its published ledger; empty when nothing is."""
    lines = statement(facts)
    ledger = lines[-1].balances if lines else Balances()
    wrong = [f"{name}: ledger {getattr(ledger, name)}, account {value}" for name, value in _differing(account, ledger)]
    if sum(msgspec.structs.astuple(account.balances)):
        wrong.append("the balances do not sum to zero")
    for quantity in ("pending", "active", "held", "blocked"):
        in_lots = sum(getattr(lot, quantity) for lot in account.lots.values())
        if in_lots != getattr(account.balances, quantity):
            wrong.append(f"{quantity}: lots hold {in_lots}")
    return wrong


def _line(fact: Fact, moved: Movement, balances: Balances) -> Line:
    sentence = SENTENCES.get(moved.why, moved.why)
    return Line(fact.time, fact.type, moved.points, moved.why, sentence, moved.cause.about, balances)


def _reason(moved: Movement, ledger_account: str) -> Reason:
    return _told(moved, sum(entry.points for entry in moved.entries if entry.account == ledger_account))


def _told(moved: Movement, points: int) -> Reason:
    sentence, cause = SENTENCES.get(moved.why, moved.why), moved.cause
    return Reason(
        points,
        moved.why,
        sentence,
        moved.rule,
        moved.policy_version,
        cause.source,
        cause.id,
        cause.about,
        moved.lots,
        cause.campaign,
    )


def _differing(account: Account, ledger: Balances) -> list[tuple[str, int]]:
    stated = msgspec.structs.asdict(account.balances)
    return [(name, value) for name, value in stated.items() if value != getattr(ledger, name)]
