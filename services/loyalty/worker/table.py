"""Fact or command → entity → rule."""

from typing import Any

from chassis.fold.merging import merging_rules
from chassis.fold.model import Rule
from contracts.fact import Fact
from services.loyalty.domain import deals, earning, holds, referral, timers
from services.loyalty.domain.model import Account


def by_customer(fact: Fact) -> str:
    """An account has its customer's id."""
    return fact.subject


def told_of_hold(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `hold_points` is told."""
    hold = account.holds[fact.id]
    return {"hold_id": fact.id, "points": hold.points, "until": hold.until}


def told_of_end(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `capture_hold` and `void_hold` is told."""
    return {"hold_id": fact.data.hold_id}


RULES: dict[str, Rule] = {
    "crm.visit.completed.v1": Rule("account", by_customer, earning.award_points_for_visit),
    "crm.survey.answered.v1": Rule("account", by_customer, earning.award_points_for_survey),
    "crm.lead.captured.v1": Rule("account", by_customer, referral.remember_referrer),
    "crm.referral.settled.v1": Rule("account", by_customer, referral.reward_referrer),
    "crm.deal.signed.v1": Rule("account", by_customer, deals.grant_points_for_signed_deal),
    "crm.deal.payment_received.v1": Rule("account", by_customer, deals.release_points_for_payment),
    "crm.deal.handed_over.v1": Rule("account", by_customer, deals.release_points_at_handover),
    "crm.deal.changed.v1": Rule("account", by_customer, deals.recompute_points_of_changed_deal),
    "crm.deal.cancelled.v1": Rule("account", by_customer, deals.reverse_points_of_cancelled_deal),
    "loyalty.hold_points.v1": Rule("account", by_customer, holds.hold_points, told_of_hold),
    "loyalty.capture_hold.v1": Rule("account", by_customer, holds.capture_hold, told_of_end),
    "loyalty.void_hold.v1": Rule("account", by_customer, holds.void_hold, told_of_end),
    "loyalty.due.v1": Rule("account", by_customer, timers.fire_due),
    **merging_rules("account", by_customer, "crm.customer.merged.v1", "crm.customer.unmerged.v1"),
}
