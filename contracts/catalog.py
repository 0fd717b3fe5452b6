"""Who owns which topic and type, who reads it, and which rule may emit what. Literal tables, to be read as policy."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from contracts.facts import (
    complaints,
    consent,
    customers,
    deals,
    identity,
    leads,
    loyalty,
    operations,
    pipeline,
    surveys,
    tickets,
    visits,
)
from contracts.merging import Absorbed, Declined, Forwarded, Handed, Refolded, Released
from contracts.upcast import Reader, Upcast, readers_of, type_of


class Topic(NamedTuple):
    """One Kafka topic. Partition counts are fixed when it is made; `personal_data` says whether it may carry any."""

    name: str
    owner: str
    about: str
    key: str
    readers: tuple[str, ...]
    partitions_local: int = 4
    partitions_production: int = 64
    retention_days: int = 30
    personal_data: bool = False


class TypeEntry(NamedTuple):
    """One type of fact: its newest struct, where it travels, who alone may publish it, and its older versions.

    `keyed_by` is what the record's key and subject must be: the customer, or the stream itself.
    """

    struct: type[msgspec.Struct]
    topic: str
    owner: str
    upcasts: tuple[Upcast, ...] = ()
    keyed_by: str = "customer_id"


class RuleEntry(NamedTuple):
    """One rule of a service: the types that set it off and the types it may emit."""

    causes: tuple[str, ...]
    emits: tuple[str, ...]


JOURNAL = "crm.journal"
FACT_LOYALTY = "crm.fact.loyalty"
FACT_TICKETS = "crm.fact.service_tickets"
FACT_LEADS = "crm.fact.leads"
FREE = "free, best the sender's id of the person or case"
DEAD = "what could not be processed, encrypted, with the reason"
ALL = ("leads", "loyalty", "profile", "service_tickets")

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(JOURNAL, "profile", "every accepted fact of a customer", "customer_id", ALL),
        Topic(FACT_LEADS, "leads", "what happened to leads", "customer_id", ()),
        Topic(
            FACT_TICKETS, "service_tickets", "what happened to tickets and satisfaction", "customer_id", ("profile",)
        ),
        Topic(FACT_LOYALTY, "loyalty", "what happened to points, debts and tiers", "customer_id", ()),
        Topic("crm.fact.profile", "profile", "what happened to customers", "customer_id", ()),
        Topic("crm.self.leads", "leads", "leads to itself: other entities hear of a fact", "entity id", ("leads",)),
        Topic(
            "crm.self.service_tickets",
            "service_tickets",
            "service_tickets to itself: other entities hear of a fact",
            "entity id",
            ("service_tickets",),
        ),
        Topic(
            "crm.self.loyalty", "loyalty", "loyalty to itself: other entities hear of a fact", "entity id", ("loyalty",)
        ),
        Topic(
            "crm.self.profile", "profile", "profile to itself: other entities hear of a fact", "entity id", ("profile",)
        ),
        Topic("crm.intake.lead", "profile", "leads from outside", FREE, ("profile",), 4, 12, 7, True),
        Topic("crm.intake.visit", "profile", "visits from outside", FREE, ("profile",), 4, 12, 7, True),
        Topic("crm.intake.deal", "profile", "deals from outside", FREE, ("profile",), 4, 12, 7, True),
        Topic(
            "crm.intake.complaint",
            "profile",
            "complaints and requests from outside",
            FREE,
            ("profile",),
            4,
            12,
            7,
            True,
        ),
        Topic("crm.intake.survey", "profile", "survey answers from outside", FREE, ("profile",), 4, 12, 7, True),
        Topic("crm.intake.customer", "profile", "what others know about customers", FREE, ("profile",), 4, 12, 7, True),
    )
}

PLANNED_TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic("crm.dead.leads", "leads", DEAD, "that of the record", (), 1, 1, 90, True),
        Topic("crm.dead.loyalty", "loyalty", DEAD, "that of the record", (), 1, 1, 90, True),
        Topic("crm.dead.profile", "profile", DEAD, "that of the record", (), 1, 1, 90, True),
        Topic("crm.dead.service_tickets", "service_tickets", DEAD, "that of the record", (), 1, 1, 90, True),
    )
}
"""Topics that no service serves yet: nothing creates or reads them. A line moves to TOPICS with the service's code."""

OUTSIDE = "outside systems"

TYPES: dict[str, TypeEntry] = {
    type_of(entry.struct): entry
    for entry in (
        TypeEntry(visits.VisitScheduled, JOURNAL, OUTSIDE),
        TypeEntry(visits.VisitCompleted, JOURNAL, OUTSIDE),
        TypeEntry(visits.VisitMissed, JOURNAL, OUTSIDE),
        TypeEntry(surveys.SurveyAnswered, JOURNAL, OUTSIDE),
        TypeEntry(deals.DealReserved, JOURNAL, OUTSIDE),
        TypeEntry(deals.DealSubscribed, JOURNAL, OUTSIDE),
        TypeEntry(deals.DealSigned, JOURNAL, OUTSIDE),
        TypeEntry(deals.PaymentReceived, JOURNAL, OUTSIDE),
        TypeEntry(deals.DealHandedOver, JOURNAL, OUTSIDE),
        TypeEntry(deals.DealChanged, JOURNAL, OUTSIDE),
        TypeEntry(deals.DealCancelled, JOURNAL, OUTSIDE),
        TypeEntry(leads.LeadCaptured, JOURNAL, OUTSIDE),
        TypeEntry(leads.LeadContacted, JOURNAL, OUTSIDE),
        TypeEntry(complaints.ComplaintRaised, JOURNAL, OUTSIDE),
        TypeEntry(complaints.RequestRaised, JOURNAL, OUTSIDE),
        TypeEntry(customers.CustomerDescribed, JOURNAL, OUTSIDE),
        TypeEntry(customers.CustomerLinked, JOURNAL, OUTSIDE),
        TypeEntry(consent.ConsentChanged, JOURNAL, OUTSIDE),
        TypeEntry(identity.CustomerMerged, JOURNAL, "profile"),
        TypeEntry(identity.CustomerUnmerged, JOURNAL, "profile"),
        TypeEntry(customers.LifecycleChanged, "crm.fact.profile", "profile"),
        TypeEntry(operations.Progress, JOURNAL, "profile", keyed_by="the word progress"),
        TypeEntry(pipeline.LeadStageChanged, FACT_LEADS, "leads"),
        TypeEntry(pipeline.LeadWon, FACT_LEADS, "leads"),
        TypeEntry(pipeline.LeadLost, FACT_LEADS, "leads"),
        TypeEntry(tickets.TicketOpened, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.TicketResponded, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.TicketResolved, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.SlaBreached, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.SlaBreachWithdrawn, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.SatisfactionChanged, FACT_TICKETS, "service_tickets"),
        TypeEntry(loyalty.PointsEarned, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsReleased, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsHeld, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsSpent, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsRefunded, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsExpired, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsReversed, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.DebtOpened, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.DebtRepaid, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsCorrected, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.ReferralSettled, "crm.self.loyalty", "loyalty", keyed_by="the referrer"),
        TypeEntry(loyalty.LoyaltyTierChanged, FACT_LOYALTY, "loyalty"),
    )
}

EARNING = ("crm.points.earned.v1", "crm.debt.repaid.v1", "crm.loyalty_tier.changed.v1")
SETTLING = (
    *EARNING,
    "crm.referral.settled.v1",
    "crm.points.released.v1",
    "crm.points.reversed.v1",
    "crm.points.refunded.v1",
    "crm.debt.opened.v1",
)

CORRECTING = ("crm.points.corrected.v1", "crm.referral.settled.v1", "crm.loyalty_tier.changed.v1")
REFERRING = (*EARNING, "crm.points.reversed.v1", "crm.points.refunded.v1", "crm.debt.opened.v1")
STAGE = ("crm.lead.stage_changed.v1", "crm.lead.won.v1", "crm.lead.lost.v1")
VISITS = ("crm.visit.scheduled.v1", "crm.visit.completed.v1", "crm.visit.missed.v1")
OPENING = ("crm.ticket.opened.v1", "crm.satisfaction.changed.v1")
CLOCKS = ("crm.sla.breached.v1", "crm.sla.breach_withdrawn.v1", "crm.satisfaction.changed.v1")
STEPS = ("crm.deal.reserved.v1", "crm.deal.subscribed.v1", "crm.deal.signed.v1")

LIFE = ("crm.lifecycle.changed.v1",)

RULES: dict[str, RuleEntry] = {
    "leads.merge": RuleEntry(("crm.customer.merged.v1",), STAGE),
    "leads.unmerge": RuleEntry(("crm.customer.unmerged.v1",), STAGE),
    "leads.absorb": RuleEntry((Absorbed.TYPE,), STAGE),
    "leads.release": RuleEntry((Released.TYPE,), STAGE),
    "leads.forward": RuleEntry((Forwarded.TYPE,), STAGE),
    "service_tickets.merge": RuleEntry(("crm.customer.merged.v1",), CLOCKS),
    "service_tickets.unmerge": RuleEntry(("crm.customer.unmerged.v1",), CLOCKS),
    "service_tickets.absorb": RuleEntry((Absorbed.TYPE,), CLOCKS),
    "service_tickets.release": RuleEntry((Released.TYPE,), CLOCKS),
    "service_tickets.forward": RuleEntry((Forwarded.TYPE,), OPENING),
    "leads.capture_lead": RuleEntry(("crm.lead.captured.v1",), STAGE),
    "leads.note_contact": RuleEntry(("crm.lead.contacted.v1",), STAGE),
    "leads.note_visit": RuleEntry(VISITS, STAGE),
    "leads.advance_deal": RuleEntry(STEPS, STAGE),
    "leads.change_deal": RuleEntry(("crm.deal.changed.v1",), STAGE),
    "leads.cancel_deal": RuleEntry(("crm.deal.cancelled.v1",), STAGE),
    "service_tickets.open_ticket_for_complaint": RuleEntry(("crm.complaint.raised.v1",), OPENING),
    "service_tickets.open_ticket_for_request": RuleEntry(("crm.request.raised.v1",), OPENING),
    "service_tickets.note_answer": RuleEntry(("crm.survey.answered.v1",), ("crm.satisfaction.changed.v1",)),
    "service_tickets.respond_ticket": RuleEntry(
        ("service_tickets.respond_ticket.v1",), ("crm.ticket.responded.v1", *CLOCKS)
    ),
    "service_tickets.resolve_ticket": RuleEntry(
        ("service_tickets.resolve_ticket.v1",), ("crm.ticket.responded.v1", "crm.ticket.resolved.v1", *CLOCKS)
    ),
    "service_tickets.fire_due": RuleEntry(("service_tickets.due.v1",), CLOCKS),
    "loyalty.award_points_for_visit": RuleEntry(("crm.visit.completed.v1",), EARNING),
    "loyalty.award_points_for_survey": RuleEntry(("crm.survey.answered.v1",), EARNING),
    "loyalty.remember_referrer": RuleEntry(("crm.lead.captured.v1",), (*REFERRING, "crm.referral.settled.v1")),
    "loyalty.reward_referrer": RuleEntry(("crm.referral.settled.v1",), REFERRING),
    "loyalty.grant_points_for_signed_deal": RuleEntry(("crm.deal.signed.v1",), SETTLING),
    "loyalty.release_points_for_payment": RuleEntry(("crm.deal.payment_received.v1",), SETTLING),
    "loyalty.release_points_at_handover": RuleEntry(("crm.deal.handed_over.v1",), SETTLING),
    "loyalty.recompute_points_of_changed_deal": RuleEntry(("crm.deal.changed.v1",), SETTLING),
    "loyalty.reverse_points_of_cancelled_deal": RuleEntry(("crm.deal.cancelled.v1",), SETTLING),
    "loyalty.hold_points": RuleEntry(("loyalty.hold_points.v1",), ("crm.points.held.v1",)),
    "loyalty.capture_hold": RuleEntry(("loyalty.capture_hold.v1",), ("crm.points.spent.v1",)),
    "loyalty.void_hold": RuleEntry(("loyalty.void_hold.v1",), ("crm.points.refunded.v1", "crm.debt.repaid.v1")),
    "loyalty.fire_due": RuleEntry(
        ("loyalty.due.v1",),
        ("crm.points.refunded.v1", "crm.points.expired.v1", "crm.debt.repaid.v1", "crm.loyalty_tier.changed.v1"),
    ),
    "loyalty.merge": RuleEntry(("crm.customer.merged.v1",), CORRECTING),
    "loyalty.unmerge": RuleEntry(("crm.customer.unmerged.v1",), CORRECTING),
    "loyalty.absorb": RuleEntry((Absorbed.TYPE,), CORRECTING),
    "loyalty.release": RuleEntry((Released.TYPE,), CORRECTING),
    "loyalty.forward": RuleEntry((Forwarded.TYPE,), (*SETTLING, *CORRECTING)),
    "profile.describe": RuleEntry(
        (
            "crm.visit.scheduled.v1",
            "crm.visit.completed.v1",
            "crm.visit.missed.v1",
            "crm.survey.answered.v1",
            "crm.deal.reserved.v1",
            "crm.deal.subscribed.v1",
            "crm.deal.payment_received.v1",
            "crm.lead.captured.v1",
            "crm.complaint.raised.v1",
            "crm.request.raised.v1",
            "crm.customer.linked.v1",
            "crm.consent.changed.v1",
        ),
        (),
    ),
    "profile.note_deal": RuleEntry(
        ("crm.deal.signed.v1", "crm.deal.handed_over.v1", "crm.deal.changed.v1", "crm.deal.cancelled.v1"), LIFE
    ),
    "profile.note_contact": RuleEntry(("crm.lead.contacted.v1",), LIFE),
    "profile.choose_golden_values": RuleEntry(("crm.customer.described.v1",), LIFE),
    "profile.note_satisfaction": RuleEntry(("crm.satisfaction.changed.v1",), LIFE),
    "profile.merge": RuleEntry(("crm.customer.merged.v1",), LIFE),
    "profile.unmerge": RuleEntry(("crm.customer.unmerged.v1",), LIFE),
    "profile.absorb": RuleEntry((Absorbed.TYPE,), LIFE),
    "profile.release": RuleEntry((Released.TYPE,), LIFE),
    "profile.forward": RuleEntry((Forwarded.TYPE,), LIFE),
}
for _service in ALL:
    RULES[f"{_service}.refold"] = RuleEntry((Refolded.TYPE,), RULES[f"{_service}.forward"].emits)
    RULES |= {f"{_service}.hand": RuleEntry((Handed.TYPE,), ()), f"{_service}.decline": RuleEntry((Declined.TYPE,), ())}


def readers_of_type(type_name: str) -> tuple[str, ...]:
    """The rules that react to a type, as `service.rule`, sorted."""
    return tuple(sorted(name for name, rule in RULES.items() if type_name in rule.causes))


def emitters_of_type(type_name: str) -> tuple[str, ...]:
    """The rules that may emit a type, as `service.rule`, sorted."""
    return tuple(sorted(name for name, rule in RULES.items() if type_name in rule.emits))


def emission_graph(rules: dict[str, RuleEntry] = RULES) -> dict[str, set[str]]:
    """Type emitted → types that cause it; the form `graphlib` takes."""
    graph: dict[str, set[str]] = {}
    for rule in rules.values():
        for emitted in rule.emits:
            graph.setdefault(emitted, set()).update(rule.causes)
    return graph


def readers_for(entries: Iterable[TypeEntry]) -> dict[str, Reader]:
    """How every type of `entries`, old versions included, is read."""
    return {name: reader for entry in entries for name, reader in readers_of(entry.struct, entry.upcasts).items()}


READERS: dict[str, Reader] = readers_for(TYPES.values())
