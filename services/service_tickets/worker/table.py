"""Fact or command → entity → rule."""

from typing import Any

from chassis.fold.merging import merging_rules
from chassis.fold.model import Rule
from contracts.fact import Fact
from services.service_tickets.domain import answering, handling, raising, timers
from services.service_tickets.domain.model import CaseFile


def by_customer(fact: Fact) -> str:
    """A file has its customer's id."""
    return fact.subject


def told_of_answer(file: CaseFile, fact: Fact) -> dict[str, Any]:
    """What the caller of `respond_ticket` is told."""
    late = file.tickets[fact.data.ticket_id].first_response.breached
    return {"ticket_id": fact.data.ticket_id, "at": fact.time, "late": late}


def told_of_end(file: CaseFile, fact: Fact) -> dict[str, Any]:
    """What the caller of `resolve_ticket` is told; a ticket dated before forty others is forgotten at once."""
    ticket = file.tickets.get(fact.data.ticket_id)
    return {
        "ticket_id": fact.data.ticket_id,
        "at": fact.time,
        "late": ticket is not None and ticket.resolution.breached,
    }


RULES: dict[str, Rule] = {
    "crm.complaint.raised.v1": Rule("file", by_customer, raising.open_ticket_for_complaint),
    "crm.request.raised.v1": Rule("file", by_customer, raising.open_ticket_for_request),
    "crm.survey.answered.v1": Rule("file", by_customer, answering.note_answer),
    "service_tickets.respond_ticket.v1": Rule("file", by_customer, handling.respond_ticket, told_of_answer),
    "service_tickets.resolve_ticket.v1": Rule("file", by_customer, handling.resolve_ticket, told_of_end),
    "service_tickets.due.v1": Rule("file", by_customer, timers.fire_due),
    **merging_rules("file", by_customer, "crm.customer.merged.v1", "crm.customer.unmerged.v1"),
}
