"""Fact → entity → rule."""

from chassis.fold.merging import merging_rules
from chassis.fold.model import Rule
from contracts.fact import Fact
from services.leads.domain import noting


def by_customer(fact: Fact) -> str:
    """A book has its customer's id."""
    return fact.subject


RULES: dict[str, Rule] = {
    "crm.lead.captured.v1": Rule("book", by_customer, noting.capture_lead),
    "crm.lead.contacted.v1": Rule("book", by_customer, noting.note_contact),
    "crm.visit.scheduled.v1": Rule("book", by_customer, noting.note_visit),
    "crm.visit.completed.v1": Rule("book", by_customer, noting.note_visit),
    "crm.visit.missed.v1": Rule("book", by_customer, noting.note_visit),
    "crm.deal.reserved.v1": Rule("book", by_customer, noting.advance_deal),
    "crm.deal.subscribed.v1": Rule("book", by_customer, noting.advance_deal),
    "crm.deal.signed.v1": Rule("book", by_customer, noting.advance_deal),
    "crm.deal.changed.v1": Rule("book", by_customer, noting.change_deal),
    "crm.deal.cancelled.v1": Rule("book", by_customer, noting.cancel_deal),
    **merging_rules("book", by_customer, "crm.customer.merged.v1", "crm.customer.unmerged.v1"),
}
