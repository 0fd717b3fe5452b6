"""A customer in any order of facts, as of any time, equal to the oracle's plain arithmetic, and small."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.fact import Fact
from services.profile.domain.history import state_at
from services.profile.domain.model import EMPTY, Customer
from services.profile.domain.policy import Policy, policy_from
from services.profile.worker.table import RULES
from tests.contracts.records import decode_binary, event
from tests.oracles import profile_oracle
from tests.unit import facts as f
from tests.unit.facts import STORY, day
from tests.unit.strategies import histories, shuffled_histories, times

POLICY_FILE = Path(__file__).parents[3] / "services" / "profile" / "policy" / "profile.yaml"
POLICY: Policy = policy_from(yaml.safe_load(POLICY_FILE.read_text("utf-8")))


def fold(facts: list[Fact]) -> Customer:
    customer = EMPTY
    for each in facts:
        customer = apply(customer, each)
    return customer


def apply(customer: Customer, each: Fact) -> Customer:
    return RULES[each.type].apply(customer, each, each.recorded_at, POLICY)[0]


def summary(customer: Customer) -> dict[str, object]:
    """A customer in the oracle's words."""
    return {
        "counts": {name: kind.count for name, kind in customer.kinds.items()},
        "first": {name: kind.first.time for name, kind in customer.kinds.items()},
        "last": {name: kind.last.time for name, kind in customer.kinds.items()},
        "totals": {name: Decimal(total.amount) for name, total in customer.totals.items()},
        "projects": list(customer.projects),
        "timeline": [(mark.time, mark.source, mark.id) for mark in customer.timeline],
    }


def test_the_story_ends_with_its_counts_and_totals() -> None:
    customer = fold(list(STORY))
    assert {name: total.amount for name, total in customer.totals.items()} == {
        "signed": "2200000.00",
        "paid": "1000000.00",
        "cancelled": "100000.00",
    }
    assert customer.kinds["crm.survey.answered.v1"].count == 2
    assert (customer.facts, list(customer.projects)) == (8, ["P1"])


def test_every_value_names_the_fact_that_made_it() -> None:
    customer = fold(list(STORY))
    assert customer.totals["signed"].last.id == "D2-signed"
    assert customer.kinds["crm.survey.answered.v1"].first.id == "answer-visit-V1"
    assert customer.kinds["crm.survey.answered.v1"].last.id == "answer-ticket-T1"
    assert customer.timeline[-1].id == "D2-cancelled-1"


def test_the_customer_as_of_a_day_knows_nothing_later() -> None:
    customer = state_at(STORY, apply, as_of=day(7))
    assert customer.totals["signed"].amount == "2200000.00"
    assert "paid" not in customer.totals and "cancelled" not in customer.totals


def test_the_customer_as_known_at_a_time_leaves_out_what_came_late() -> None:
    late = msgspec.structs.replace(f.visit(day(2)), recorded_at=day(9))
    assert state_at([late], apply, as_of=day(5), known_at=day(5)) == EMPTY
    assert state_at([late], apply, as_of=day(5), known_at=day(9)).facts == 1


@settings(max_examples=300, deadline=None)
@given(shuffled_histories())
def test_any_order_gives_the_same_customer_and_that_of_the_oracle(both: tuple[list[Fact], list[Fact]]) -> None:
    history, shuffled = both
    customer = fold(history)
    assert msgspec.msgpack.encode(fold(shuffled)) == msgspec.msgpack.encode(customer)
    assert summary(customer) == profile_oracle.customer([f.as_event(each) for each in history])


@settings(deadline=None)
@given(histories(), times)
def test_the_past_is_the_fold_of_what_had_happened(history: list[Fact], moment) -> None:
    assert state_at(history, apply, as_of=moment) == fold([each for each in history if each.time <= moment])


@settings(deadline=None)
@given(st.permutations(range(70)))
def test_the_timeline_keeps_the_newest_fifty_in_any_order(order: list[int]) -> None:
    customer = fold([f.visit(day(number), f"V{number}") for number in order])
    assert [mark.id for mark in customer.timeline] == [f"V{number}-completed" for number in range(20, 70)]


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(130)))
def test_the_newest_hundred_projects_are_kept_in_any_order(order: list[int]) -> None:
    customer = fold([f.visit(day(number), f"V{number}", project_id=f"P{number}") for number in order])
    assert set(customer.projects) == {f"P{number}" for number in range(30, 130)}


def test_ten_thousand_facts_leave_a_small_customer() -> None:
    customer = EMPTY
    for number in range(10_000):
        each = f.visit(day(0) + timedelta(minutes=number), f"V{number}", project_id=f"P{number}")
        customer, _ = RULES[each.type].apply(customer, each, each.recorded_at, None)
    assert customer.facts == 10_000
    assert len(msgspec.msgpack.encode(customer)) < 64 * 1024
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(customer), type=Customer) == customer


def test_every_fact_from_outside_finds_its_place_in_the_timeline() -> None:
    uncounted = {"crm.satisfaction.changed.v1"}
    names = sorted(name for name, rule in RULES.items() if not rule.tie and name not in uncounted)
    golden = [decode_binary(event(name)) for name in names]
    customer = fold(golden)
    assert sorted(mark.type for mark in customer.timeline) == names
    assert list(customer.projects) == ["P1"]
