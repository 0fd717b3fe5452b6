"""Golden values and the stages of a customer: the same whatever the order of the facts."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.fact import Fact
from contracts.facts.base import Because
from contracts.facts.customers import CustomerDescribed
from contracts.facts.leads import LeadContacted, ManAnswer, ManAnswers
from contracts.facts.tickets import SatisfactionChanged, Score
from services.profile.domain.model import EMPTY, Customer
from services.profile.worker.table import RULES
from tests.unit.facts import cancelled, day, fact, handed_over, signed
from tests.unit.profile.test_customer import POLICY, apply, fold

REFERENCES = [f"vault:00000000-0000-5000-8000-00000000000{n}" for n in range(6)]


def described(time: float, name: str, reference: str, source: str = "/website", verified: bool = False) -> Fact:
    return fact(CustomerDescribed(birthday=reference, verified=verified), day(time), name, source)


def talked(time: float, name: str, **levels: int) -> Fact:
    man = ManAnswers(**{key: ManAnswer(level) for key, level in levels.items()})
    return fact(LeadContacted("connected", "call", man=man), day(time), name)


def scored(time: float, name: str, score: float, confidence: float = 0.6) -> Fact:
    both = Score(score, confidence, 2.0)
    data = SatisfactionChanged(day(time), both, both, "1", Because("/x", "y", "z"))
    return fact(data, day(time), name, "/hearth/service_tickets")


def stages(facts: list[Fact]) -> list[str]:
    """The stages told, one after the other."""
    customer, told = EMPTY, list[str]()
    for each in facts:
        customer, effects = RULES[each.type].apply(customer, each, each.recorded_at, POLICY)
        told += [effect.data.after for effect in effects]
    return told


def test_a_customer_climbs_step_by_step_and_each_step_is_told_once() -> None:
    road = [
        talked(1, "T1", money=2, authority=2),
        talked(2, "T2", need=3),
        signed(day(7)),
        handed_over(day(100)),
        scored(101, "S1", 74.9),
        scored(102, "S2", 75.0),
        *(signed(day(110 + n), f"E{n}", "100000.00") for n in range(3)),
    ]
    assert stages(road) == ["quasi_customer", "buyer", "owner", "satisfied", "loyal"]


def test_a_full_cancellation_leads_back() -> None:
    assert stages([signed(day(7)), cancelled(day(9), amount="2000000.00")]) == ["buyer", "prospect"]


def test_a_score_nobody_is_sure_of_satisfies_nobody() -> None:
    customer = fold([signed(day(7)), handed_over(day(8)), scored(9, "S1", 90.0, 0.49)])
    assert customer.lifecycle == "owner"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_of_two_scores_told_in_one_moment_the_one_that_rests_on_more_is_believed(
    order: tuple[int, int], names: tuple[str, str]
) -> None:
    """Two answers come in one batch: two scores with the same times, whose ids say nothing."""
    first, second = scored(9, names[0], 75.0, 0.25), scored(9, names[1], 62.5, 0.4)
    scores = fold([(first, second)[place] for place in order]).scores
    assert scores is not None
    assert (scores.id, scores.stated) == (names[1], 62.5)


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ([described(1, "a", REFERENCES[0]), described(2, "b", REFERENCES[1])], 1),
        ([described(2, "a", REFERENCES[0]), described(1, "b", REFERENCES[1], verified=True)], 1),
        ([described(1, "a", REFERENCES[0], "/contracts/erp"), described(2, "b", REFERENCES[1])], 0),
        ([described(1, "a", REFERENCES[0], "/contracts"), described(2, "b", REFERENCES[1], "/sales", True)], 1),
    ],
    ids=["the newest", "verified before newest", "the better source before newest", "verified before source"],
)
def test_of_several_values_one_is_believed(said: list[Fact], believed: int) -> None:
    for order in (said, said[::-1]):
        golden = fold(order).golden["birthday"]
        assert (golden.reference, golden.mark.id) == (REFERENCES[believed], said[believed].id)


KINDS: list[Any] = [
    lambda n: described(n % 5, f"d{n}", REFERENCES[n % 6], ("/website", "/contracts", "/sales")[n % 3], n % 2 == 0),
    lambda n: talked(n % 7, f"t{n}", money=n % 4, need=(n + 1) % 4, authority=(n + 2) % 4),
    lambda n: signed(day(n % 9), f"D{n % 3}", f"{n + 1}00000.00"),
    lambda n: handed_over(day(20 + n), f"D{n % 3}"),
    lambda n: cancelled(day(n % 30), f"D{n % 3}", f"{n + 1}0000.00", str(n)),
    lambda n: scored(n % 40, f"s{n}", 60.0 + n),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(range(len(KINDS))), st.integers(0, 30)), max_size=14), st.integers(0, 10**6))
def test_any_order_gives_the_same_customer(chosen: list[tuple[int, int]], seed: int) -> None:
    facts = {(made := KINDS[kind](number)).type + made.id: made for kind, number in chosen}
    history = list(facts.values())
    shuffled = random.Random(seed).sample(history, len(history))
    one, other = fold(history), fold(shuffled)
    assert msgspec.msgpack.encode(one) == msgspec.msgpack.encode(other)
    assert apply(EMPTY, history[0]) != Customer() if history else one == EMPTY
