"""Old brings new: both sides are rewarded once, in any order of the facts, and lose their share with a cancellation."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.fact import Fact
from contracts.facts.leads import LeadCaptured
from services.loyalty.domain.statement import reconcile
from services.loyalty.store.account import account_kind
from services.loyalty.worker.table import RULES
from tests.unit.facts import cancelled, day, fact, paid, signed
from tests.unit.merging import World
from tests.unit.test_merging import SERVICES, with_subject

SHE, FRIEND, OTHER = "she", "friend", "other"


def captured(time: float, referrer: str | None, name: str) -> Fact:
    """A lead of the friend."""
    data = LeadCaptured("P1", "referral", referrer=referrer)
    return fact(data, day(time), name, subject=FRIEND)


def of_friend(*facts: Fact) -> list[Fact]:
    return [with_subject(each, FRIEND) for each in facts]


def told(facts: list[Fact], seed: int = 1) -> World:
    world = SERVICES[0].world()
    world.play(facts, random.Random(seed))
    return world


STORY = [
    captured(25, SHE, "L3"),
    *of_friend(signed(day(30), "D3", "1500000.00"), paid(day(31), "D3", "1500000.00")),
]


def test_the_story_s_referral() -> None:
    world = told(STORY)
    assert world.state(SHE).balances.active == 20_000
    assert world.state(FRIEND).balances.active == 5_000 + 1_500
    assert (world.state(SHE).qualifying_points, world.state(FRIEND).qualifying_points) == (0, 1_500)


def test_a_deal_that_is_not_paid_in_full_earns_nobody_anything() -> None:
    world = told([STORY[0], *of_friend(signed(day(30), "D3", "1500000.00"), paid(day(31), "D3", "1499999.99"))])
    assert world.state(SHE).balances.active == 0
    assert world.state(FRIEND).balances.active == 1_499  # floor(1500·1499999.99/1500000)


def test_a_cancellation_takes_back_its_share() -> None:
    """A third of 1,500,000 is cancelled: floor(20,000·2/3) = 13,333 and floor(5,000·2/3) = 3,333 are left."""
    world = told([*STORY, *of_friend(cancelled(day(50), "D3", "500000.00"))])
    assert world.state(SHE).balances.active == 13_333
    assert world.state(FRIEND).balances.active == 3_333 + 1_000


def test_the_first_who_referred_is_the_referrer() -> None:
    world = told([*STORY, captured(26, OTHER, "L4"), captured(24, None, "L2")])
    assert world.state(OTHER).balances.active == 0
    assert world.state(SHE).balances.active == 20_000


def test_nobody_refers_oneself() -> None:
    world = told([captured(25, FRIEND, "L3"), *STORY[1:]])
    assert world.state(FRIEND).balances.active == 1_500


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from((None, SHE, OTHER)), min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from(("D1", "D2")), st.integers(1, 9)), max_size=4),
    st.integers(0, 10**6),
)
def test_any_order_gives_what_plain_arithmetic_says(
    referrers: list[str | None], cancellations: list[tuple[str, int]], seed: int
) -> None:
    price = {"D1": 900, "D2": 700}
    facts = [captured(number, referrer, f"L{number}") for number, referrer in enumerate(referrers)]
    for deal, whole in price.items():
        facts += of_friend(signed(day(30), deal, f"{whole}.00"), paid(day(31), deal, f"{whole}.00"))
    for number, (deal, tenth) in enumerate(cancellations):
        facts += of_friend(cancelled(day(40), deal, f"{price[deal] // 10 * tenth}.00", str(number)))
    world = told(facts, seed)
    gone = {deal: sum(price[deal] // 10 * tenth for name, tenth in cancellations if name == deal) for deal in price}
    left = max(max(0, whole - gone[deal]) / whole for deal, whole in price.items())
    first = next((referrer for referrer in referrers if referrer), None)
    for customer in (SHE, OTHER):
        expected = int(20_000 * left + 1e-9) if customer == first else 0
        assert world.state(customer).balances.active == expected
    assert world.state(FRIEND).balances.active == (int(5_000 * left + 1e-9) if first else 0)
    for customer in (SHE, OTHER, FRIEND):
        heard = [world.language.heard(out) for out in world.said.get(customer, [])]
        assert reconcile(world.state(customer), heard) == []


def test_the_rules_are_in_the_table() -> None:
    assert RULES["crm.lead.captured.v1"].kind == account_kind(SERVICES[0].policies).name
