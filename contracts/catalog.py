"""Who owns which topic and type, who reads it, and (`rules`) which rule may emit what. Literal tables, to be read as policy."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from contracts.facts import (
    campaigns,
    complaints,
    consent,
    customers,
    deals,
    households,
    identity,
    leads,
    loyalty,
    operations,
    pipeline,
    referrals,
    rewards,
    surveys,
    tickets,
    visits,
)
from contracts.rules import RULES, RuleEntry
from contracts.rules import SERVICES as ALL
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


JOURNAL = "crm.journal"
FACT_LOYALTY = "crm.fact.loyalty"
SELF_LOYALTY = "crm.self.loyalty"
FACT_TICKETS = "crm.fact.service_tickets"
FACT_LEADS = "crm.fact.leads"
FREE = "free, best the sender's id of the person or case"
DEAD = "what could not be processed, encrypted, with the reason"

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(JOURNAL, "profile", "every accepted fact of a customer", "customer_id", ALL),
        Topic(FACT_LEADS, "leads", "what happened to leads", "customer_id", ()),
        Topic(
            FACT_TICKETS,
            "service_tickets",
            "what happened to tickets and satisfaction",
            "customer_id",
            ("loyalty", "profile"),
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
        TypeEntry(tickets.SuggestionAccepted, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.SlaBreached, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.SlaBreachWithdrawn, FACT_TICKETS, "service_tickets"),
        TypeEntry(tickets.SatisfactionChanged, FACT_TICKETS, "service_tickets"),
        TypeEntry(loyalty.PointsEarned, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsReleased, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsHeld, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsSpent, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsRefunded, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsExpired, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsExpiring, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsBlocked, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsUnblocked, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsReversed, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsWrittenOff, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.DebtOpened, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.DebtRepaid, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsCorrected, FACT_LOYALTY, "loyalty"),
        TypeEntry(referrals.ReferralSubmitted, SELF_LOYALTY, "loyalty", keyed_by="the referee"),
        TypeEntry(referrals.ReferralSettled, SELF_LOYALTY, "loyalty", keyed_by="the referrer"),
        TypeEntry(referrals.ReferralChanged, FACT_LOYALTY, "loyalty"),
        TypeEntry(rewards.RewardRedeemed, FACT_LOYALTY, "loyalty"),
        TypeEntry(rewards.RedemptionChanged, FACT_LOYALTY, "loyalty"),
        TypeEntry(rewards.RewardRequested, SELF_LOYALTY, "loyalty", keyed_by="the reward"),
        TypeEntry(rewards.RewardAnswered, SELF_LOYALTY, "loyalty", keyed_by="the member"),
        TypeEntry(rewards.RewardReturned, SELF_LOYALTY, "loyalty", keyed_by="the reward"),
        TypeEntry(rewards.RewardDelivered, SELF_LOYALTY, "loyalty", keyed_by="the reward"),
        TypeEntry(rewards.RedemptionConfirmed, SELF_LOYALTY, "loyalty", keyed_by="the member"),
        TypeEntry(campaigns.CampaignClaimed, SELF_LOYALTY, "loyalty", keyed_by="the bonus of a deal"),
        TypeEntry(campaigns.CampaignRequested, SELF_LOYALTY, "loyalty", keyed_by="the campaign"),
        TypeEntry(campaigns.CampaignAnswered, SELF_LOYALTY, "loyalty", keyed_by="the bonus of a deal"),
        TypeEntry(campaigns.CampaignReturned, SELF_LOYALTY, "loyalty", keyed_by="the campaign"),
        TypeEntry(campaigns.CampaignGranted, SELF_LOYALTY, "loyalty", keyed_by="the member"),
        TypeEntry(loyalty.PointsAdjusted, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.PointsTransferred, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.TransferOffered, "crm.self.loyalty", "loyalty", keyed_by="the receiver"),
        TypeEntry(loyalty.TransferAnswered, "crm.self.loyalty", "loyalty", keyed_by="the sender"),
        TypeEntry(loyalty.TransferSettled, "crm.self.loyalty", "loyalty", keyed_by="the receiver, or the sender"),
        TypeEntry(households.PointsPooled, FACT_LOYALTY, "loyalty"),
        TypeEntry(households.PoolMoved, FACT_LOYALTY, "loyalty", keyed_by="the household"),
        TypeEntry(households.HouseholdFounded, SELF_LOYALTY, "loyalty", keyed_by="the household"),
        TypeEntry(households.HouseholdInvited, SELF_LOYALTY, "loyalty", keyed_by="the member"),
        TypeEntry(households.HouseholdAnswered, SELF_LOYALTY, "loyalty", keyed_by="the household"),
        TypeEntry(households.HouseholdSettled, SELF_LOYALTY, "loyalty", keyed_by="the member"),
        TypeEntry(households.PoolContributed, SELF_LOYALTY, "loyalty", keyed_by="the household"),
        TypeEntry(households.PoolAnswered, SELF_LOYALTY, "loyalty", keyed_by="the member"),
        TypeEntry(households.PoolPaid, SELF_LOYALTY, "loyalty", keyed_by="the member"),
        TypeEntry(loyalty.LoyaltyTierChanged, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.LoyaltyTierAtRisk, FACT_LOYALTY, "loyalty"),
        TypeEntry(loyalty.LoyaltyTierRetained, FACT_LOYALTY, "loyalty"),
    )
}


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
