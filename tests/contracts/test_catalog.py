"""The tables agree with each other and with the services, and no fact can set off itself."""

import graphlib
from typing import Any

import pytest

from contracts import catalog
from contracts.catalog import PLANNED_TOPICS, RULES, TOPICS, TYPES, RuleEntry
from contracts.language import Language
from contracts.merging import BODIES
from contracts.topics import plans_of, read_by
from contracts.upcast import type_of
from services.leads.worker.table import RULES as LEADS
from services.loyalty.domain.commands import COMMANDS
from services.loyalty.worker.table import RULES as LOYALTY
from services.profile.worker.table import RULES as PROFILE
from services.service_tickets.domain.commands import COMMANDS as TICKET_COMMANDS
from services.service_tickets.worker.table import RULES as TICKETS

SERVICES: dict[str, Any] = {"leads": LEADS, "loyalty": LOYALTY, "profile": PROFILE, "service_tickets": TICKETS}
COMMAND_TYPES = {type_of(command) for command in (*COMMANDS, *TICKET_COMMANDS)}


def test_the_graph_of_emissions_has_no_cycle() -> None:
    order = list(graphlib.TopologicalSorter(catalog.emission_graph()).static_order())
    assert order.index("crm.deal.signed.v1") < order.index("crm.points.earned.v1")


def test_a_cycle_would_be_found() -> None:
    looping = RULES | {"loyalty.bad": RuleEntry(("crm.points.earned.v1",), ("crm.deal.signed.v1",))}
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(catalog.emission_graph(looping)).prepare()


def test_rules_name_known_types_and_emit_only_what_their_service_owns() -> None:
    between = {body.TYPE for body in BODIES}
    for name, rule in RULES.items():
        service = name.partition(".")[0]
        assert set(rule.causes) <= TYPES.keys() | COMMAND_TYPES | between, name
        assert all(TYPES[emitted].owner == service for emitted in rule.emits), name


def test_everything_a_service_owns_is_emitted_by_a_rule_or_is_progress() -> None:
    owned = {name for name, entry in TYPES.items() if entry.owner != catalog.OUTSIDE}
    by_hand = {"crm.progress.v1", "crm.customer.merged.v1", "crm.customer.unmerged.v1"}  # by the clock, by resolve
    assert owned - {emitted for rule in RULES.values() for emitted in rule.emits} == by_hand


@pytest.mark.parametrize("service", SERVICES)
def test_the_service_s_list_of_rules_is_the_catalog_s(service: str) -> None:
    ours = {(f"{service}.{rule.name}", cause) for cause, rule in SERVICES[service].items()}
    entries = {name: entry for name, entry in RULES.items() if name.startswith(f"{service}.")}
    assert ours == {(name, cause) for name, entry in entries.items() for cause in entry.causes}


def test_types_travel_on_topics_of_the_catalog_read_by_those_who_have_rules() -> None:
    for name, entry in TYPES.items():
        topic = TOPICS[entry.topic]
        assert {rule.partition(".")[0] for rule in catalog.readers_of_type(name)} <= set(topic.readers)
        assert topic.owner == entry.owner or entry.owner == catalog.OUTSIDE


def test_names_of_types_are_explicit_and_versioned() -> None:
    for name, entry in TYPES.items():
        assert name.startswith("crm.") and name.rpartition(".v")[2].isdigit()
        assert name == vars(entry.struct)["TYPE"], "a struct must not inherit its type"


def test_topics_have_the_numbers_of_the_decisions() -> None:
    for topic in TOPICS.values():
        numbers = (topic.partitions_local, topic.partitions_production, topic.retention_days, topic.personal_data)
        assert numbers == ((4, 12, 7, True) if topic.name.startswith("crm.intake.") else (4, 64, 30, False))


def test_planned_topics_have_the_numbers_of_the_decisions() -> None:
    kinds = {
        "intake": (4, 12, 7, True),
        "fact": (4, 64, 30, False),
        "self": (4, 64, 30, False),
        "dead": (1, 1, 90, True),
    }
    for topic in PLANNED_TOPICS.values():
        numbers = (topic.partitions_local, topic.partitions_production, topic.retention_days, topic.personal_data)
        assert numbers == kinds[topic.name.split(".")[1]]


def test_what_is_planned_is_neither_made_nor_read() -> None:
    assert not PLANNED_TOPICS.keys() & TOPICS.keys()
    for service in ("leads", "loyalty", "profile", "service_tickets"):
        served = {*plans_of(service, "", "local"), *read_by(service, "")}
        assert served <= TOPICS.keys()
    assert not any(topic.readers for topic in PLANNED_TOPICS.values())
    assert not {entry.topic for entry in TYPES.values()} & PLANNED_TOPICS.keys()


def test_every_fact_from_outside_is_known_and_kept_in_the_timeline() -> None:
    outside = {name for name, entry in TYPES.items() if entry.owner == catalog.OUTSIDE}
    assert outside <= PROFILE.keys()
    assert all(Language("/test").knows(name) for name in outside)
