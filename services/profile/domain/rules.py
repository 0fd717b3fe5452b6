"""All rules of profile in one list: fact type → rule. Every one is `(customer, fact, now, policy)`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from services.profile.domain.describing import describe
from services.profile.domain.model import Customer

RuleFunction = Callable[[Customer, Fact, datetime, object], tuple[Customer, Sequence[Effect]]]

RULES: Mapping[str, RuleFunction] = {
    "crm.visit.scheduled.v1": describe,
    "crm.visit.completed.v1": describe,
    "crm.visit.missed.v1": describe,
    "crm.survey.answered.v1": describe,
    "crm.deal.reserved.v1": describe,
    "crm.deal.subscribed.v1": describe,
    "crm.deal.signed.v1": describe,
    "crm.deal.payment_received.v1": describe,
    "crm.deal.handed_over.v1": describe,
    "crm.deal.changed.v1": describe,
    "crm.deal.cancelled.v1": describe,
}
