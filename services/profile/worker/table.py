"""Fact → entity → rule. Every fact about a customer describes the customer; some tell more."""

from chassis.fold.merging import merging_rules
from chassis.fold.model import Rule
from contracts.fact import Fact
from services.profile.domain.describing import describe
from services.profile.domain.knowing import choose_golden_values, note_contact, note_deal, note_satisfaction


def by_customer(fact: Fact) -> str:
    """A customer is known by the opaque id that keys the journal."""
    return fact.subject


RULES: dict[str, Rule] = {
    "crm.visit.scheduled.v1": Rule("customer", by_customer, describe),
    "crm.visit.completed.v1": Rule("customer", by_customer, describe),
    "crm.visit.missed.v1": Rule("customer", by_customer, describe),
    "crm.survey.answered.v1": Rule("customer", by_customer, describe),
    "crm.deal.reserved.v1": Rule("customer", by_customer, describe),
    "crm.deal.subscribed.v1": Rule("customer", by_customer, describe),
    "crm.deal.signed.v1": Rule("customer", by_customer, note_deal),
    "crm.deal.payment_received.v1": Rule("customer", by_customer, describe),
    "crm.deal.handed_over.v1": Rule("customer", by_customer, note_deal),
    "crm.deal.changed.v1": Rule("customer", by_customer, note_deal),
    "crm.deal.cancelled.v1": Rule("customer", by_customer, note_deal),
    "crm.lead.captured.v1": Rule("customer", by_customer, describe),
    "crm.lead.contacted.v1": Rule("customer", by_customer, note_contact),
    "crm.complaint.raised.v1": Rule("customer", by_customer, describe),
    "crm.request.raised.v1": Rule("customer", by_customer, describe),
    "crm.customer.described.v1": Rule("customer", by_customer, choose_golden_values),
    "crm.customer.linked.v1": Rule("customer", by_customer, describe),
    "crm.consent.changed.v1": Rule("customer", by_customer, describe),
    "crm.satisfaction.changed.v1": Rule("customer", by_customer, note_satisfaction),
    **merging_rules("customer", by_customer, "crm.customer.merged.v1", "crm.customer.unmerged.v1"),
}
