"""A campaign told in advance comes to what it comes to when it runs; and why it gave, or did not."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.loyalty.api.campaigns import apply_rule
from services.loyalty.domain.campaign import Running
from services.loyalty.domain.commands import CaptureHold, HoldPoints, PauseCampaign
from services.loyalty.domain.simulating import Answered, answers_to, as_if, simulate
from services.loyalty.domain.statement import VERDICTS
from services.loyalty.policy.conditions import compile_condition
from tests.unit.facts import cancelled, day, paid, signed, visit
from tests.unit.loyalty.accounts import POLICY, command
from tests.unit.loyalty.campaigns import DEALS, VISITS, Fair, campaign, with_campaigns
from tests.unit.strategies import histories
from tests.unit.test_merging import with_subject

SHE = "she"
LARGE = 10**9


def gains(facts: list[Any], promised: Any) -> list[Any]:
    running = Running("c-1", promised, compile_condition(promised.condition))
    return simulate(facts, running, lambda _moment: POLICY, apply_rule)


@pytest.mark.parametrize("kind", ["visit", "survey", "deal"])
@settings(max_examples=25, deadline=None)
@given(history=histories(), dice=st.randoms(use_true_random=False))
def test_what_is_told_in_advance_is_what_comes(kind: Any, history: list[Any], dice: random.Random) -> None:
    promised = replace(campaign(kind, LARGE, percent=150), starts=day(-999), ends=day(999))
    facts = [with_subject(each, SHE) for each in sorted(history, key=lambda each: (each.time, each.source, each.id))]
    fair = Fair(c_visits=promised)
    fair.play_all(*facts)
    assert sum(each.points for each in gains(facts, promised)) == fair.budget().used == fair.given()


def test_a_simulation_is_between_its_own_days_and_heeds_the_condition() -> None:
    facts = [visit(day(each), f"V{each}", f"P{each}") for each in range(10)]
    promised = as_if(campaign(bonus=7, condition='fact.project_id != "P4"'), day(3), day(6))
    assert [(each.time, each.points) for each in gains(facts, promised)] == [(day(3), 7), (day(5), 7)]


def test_a_simulation_sees_what_a_deal_loses_again() -> None:
    facts = [signed(day(1)), paid(day(2)), paid(day(3), payment_id="2"), cancelled(day(4), amount="500000.00")]
    assert [each.points for each in gains(facts, campaign("deal", percent=50))] == [500, 500, -250]


def test_a_simulation_spends_what_was_spent() -> None:
    """Captured holds stay, though the points for them come of nothing that is simulated."""
    facts = [visit(day(1)), command(HoldPoints(50), day(2), "H"), command(CaptureHold("H"), day(2), "C")]
    assert [each.points for each in gains(facts, campaign(bonus=7))] == [7]


def answers(fair: Fair, fact: Any, **campaigns: Any) -> list[Answered]:
    policy = with_campaigns(**campaigns)
    return answers_to(fair._facts(SHE), fact.source, fact.id, lambda _moment: policy, apply_rule)


def test_why_a_campaign_gave_or_did_not() -> None:
    running = {"c_visits": campaign(budget=60), "c_silver": campaign(bonus=5, condition='account.tier == "silver"')}
    running["c_early"] = replace(campaign(bonus=5), ends=day(1))
    running["c_broken"] = campaign(bonus=5, condition="1 / fact.rating == 1")
    fair = Fair(**running)
    facts = [with_subject(visit(day(each), f"V{each}", f"P{each}"), SHE) for each in (1, 2, 3)]
    again = with_subject(visit(day(1), "V1-again", "P1"), SHE)
    fair.play_all(*facts, again)
    assert fair.tell(PauseCampaign(), VISITS, "pause") == ""
    late = with_subject(visit(day(4), "V4", "P4"), SHE)
    fair.play_all(late)
    said = {each.campaign_id: each for each in answers(fair, facts[1], **running)}
    assert said == {
        VISITS: Answered(VISITS, "campaign_granted_in_part", 50, 10),
        "c-silver": Answered("c-silver", "campaign_condition_false", 0, None),
        "c-early": Answered("c-early", "campaign_not_then", 0, None),
        "c-broken": Answered("c-broken", "campaign_condition_failed", 0, None),
    }
    assert answers(fair, facts[2], **running)[0] == Answered(VISITS, "campaign_budget_spent", 50, 0)
    assert answers(fair, late, **running)[0] == Answered(VISITS, "campaign_paused", 50, 0)
    assert answers(fair, again, **running) == []
    assert all(each.why in VERDICTS for fact in (*facts, late) for each in answers(fair, fact, **running))


def test_why_a_campaign_gave_what_for_a_deal() -> None:
    running = {"c_deals": campaign("deal", 10_000, percent=50)}
    fair = Fair(**running)
    facts = [with_subject(each, SHE) for each in (signed(day(1)), paid(day(2)), cancelled(day(3), amount="1500000.00"))]
    for until, told in (
        (1, ("campaign_applies", None)),
        (2, ("campaign_granted", 500)),
        (3, ("campaign_taken_back", 250)),
    ):
        fair.play_all(facts[until - 1])
        (said,) = answers(fair, facts[0], **running)
        assert (said.campaign_id, said.why, said.asked, said.given) == (DEALS, told[0], 1000, told[1])
