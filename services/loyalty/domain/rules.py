"""All rules of loyalty in one list: fact or command type → rule. Every one is `(account, fact, now, policy)`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from services.loyalty.domain.deals import (
    grant_points_for_signed_deal,
    recompute_points_of_changed_deal,
    release_points_at_handover,
    release_points_for_payment,
    reverse_points_of_cancelled_deal,
)
from services.loyalty.domain.earning import award_points_for_survey, award_points_for_visit
from services.loyalty.domain.holds import capture_hold, hold_points, void_hold
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.timers import fire_due

RuleFunction = Callable[[Account, Fact, datetime, Policy], tuple[Account, Sequence[Effect]]]

RULES: Mapping[str, RuleFunction] = {
    "crm.visit.completed.v1": award_points_for_visit,
    "crm.survey.answered.v1": award_points_for_survey,
    "crm.deal.signed.v1": grant_points_for_signed_deal,
    "crm.deal.payment_received.v1": release_points_for_payment,
    "crm.deal.handed_over.v1": release_points_at_handover,
    "crm.deal.changed.v1": recompute_points_of_changed_deal,
    "crm.deal.cancelled.v1": reverse_points_of_cancelled_deal,
    "loyalty.hold_points.v1": hold_points,
    "loyalty.capture_hold.v1": capture_hold,
    "loyalty.void_hold.v1": void_hold,
    "loyalty.due.v1": fire_due,
}
