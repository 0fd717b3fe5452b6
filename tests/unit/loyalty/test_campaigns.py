"""Campaigns: whom they give what, and a budget that is never exceeded, whatever comes in whatever order."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.facts.campaigns import CampaignGranted
from contracts.facts.loyalty import PointsEarned
from services.loyalty.domain.campaign import Campaign, TierValue, check_campaign, grant_id_of
from services.loyalty.domain.campaign_errors import InvalidCondition
from services.loyalty.domain.commands import (
    CaptureHold,
    DraftCampaign,
    Due,
    EndCampaign,
    HoldPoints,
    PauseCampaign,
    ResumeCampaign,
    ScheduleCampaign,
)
from services.loyalty.domain.statement import reconcile
from services.loyalty.domain.timers import next_due
from services.loyalty.policy.conditions import TYPES, compile_condition
from tests.unit.facts import cancelled, changed, day, fact, paid, signed, survey, visit
from tests.unit.loyalty.accounts import POLICY, check
from tests.unit.loyalty.campaigns import DEALS, VISITS, Fair, campaign
from tests.unit.merging import Turns
from tests.unit.test_merging import with_subject

SHE = "she"


def visits(*days: float, who: str = SHE, **more: Any) -> list[Any]:
    """Visits to a project each, so that all of them count."""
    return [with_subject(visit(day(each), f"V{each}-{who}", project_id=f"P{each}", **more), who) for each in days]


def deal(*facts: Any, who: str = SHE) -> list[Any]:
    return [with_subject(each, who) for each in facts]


def active(fair: Fair, who: str = SHE) -> int:
    return fair.state(who).balances.active


# ---- what it gives --------------------------------------------------------------------------------------------------


def test_a_campaign_doubles_visits_until_its_budget_is_spent() -> None:
    fair = Fair(c_visits=campaign(budget=120))
    fair.play_all(*visits(1, 2, 3, 4))
    assert active(fair) == 4 * 50 + 50 + 50 + 20
    budget = fair.budget()
    assert (budget.used, budget.left, budget.refused, budget.grants, budget.exhausted_at) == (120, 0, 80, 3, day(3))
    assert fair.state(SHE).balances.campaign == -120


def test_all_or_nothing_is_a_choice_of_the_campaign() -> None:
    fair = Fair(c_visits=campaign(budget=120, when_short="whole"))
    fair.play_all(*visits(1, 2, 3))
    assert (active(fair), fair.budget().left) == (3 * 50 + 100, 20)


def test_what_it_gives_is_booked_out_of_its_budget_and_says_so() -> None:
    fair = Fair(c_visits=campaign(bonus=30))
    fair.play_all(*visits(1))
    said = [fair.language.heard(out).data for out in fair.said[SHE]]
    earned = [each for each in said if isinstance(each, PointsEarned)][-1]
    assert [(entry.account, entry.points) for entry in earned.entries] == [("campaign", -30), ("active", 30)]
    assert (earned.cause.campaign, earned.cause.about, earned.rule) == (VISITS, "V1-she", "book_campaign_points")
    assert (earned.policy_version, earned.lots[0].lot_id) == (POLICY.version, "campaign.2028-03")
    assert fair.state(SHE).qualifying_points == 50


def test_a_campaign_is_for_its_kind_and_its_days() -> None:
    fair = Fair(c_visits=campaign(bonus=30))
    fair.play_all(*visits(-0.5, 100, 101), with_subject(survey(day(5), "S"), SHE))
    assert fair.budget().used == 0
    fair.play_all(*visits(99.9))
    assert fair.budget().used == 30


def test_tiers_have_values_of_their_own() -> None:
    values = (TierValue("silver", "gold", bonus=70), TierValue("diamond", "diamond", percent=300))
    fair = Fair(c_visits=campaign(budget=1000, bonus=10, tiers=values))
    fair.play_all(*visits(1))
    fair.play_all(*deal(signed(day(2), "D", "2000000.00"), paid(day(2), "D", "2000000.00")))
    fair.play_all(*visits(3))
    assert (fair.state(SHE).tier, fair.budget().used) == ("silver", 10 + 70)


@pytest.mark.parametrize(
    ("condition", "given"),
    [
        ("", 2),
        ('fact.project_id == "P1"', 1),
        ("fact.party_size >= 2", 0),
        ('account.tier == "base" && account.active == 0', 1),
        ('fact.time.getDayOfWeek("Asia/Shanghai") == 2 && points == 50', 1),
        ('fact.rating / fact.rating == 1 || fact.project_id == "P9"', 0),
        ('fact.rating / fact.rating == 1 || fact.project_id == "P2"', 1),
        ('"U1" in fact.units_seen', 0),
        ('fact.price > 0 || fact.occasion == "first" || fact.stage != ""', 0),
        ("account.qualifying < 1000 && account.owed == 0 && account.held == 0 && account.pending == 0", 2),
    ],
)
def test_conditions_decide(condition: str, given: int) -> None:
    """A condition that has no value for a fact is one that does not hold."""
    fair = Fair(c_visits=campaign(budget=1000, bonus=30, condition=condition))
    fair.play_all(*visits(1, 2))
    assert fair.budget().used == 30 * given


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("account.teir == 1", "1:8: undeclared reference"),
        ("account.tier + 1", "1:14: found no matching overload"),
        ("points >\n", "2:1: Syntax error"),
        ("points", "1:1: it must be true or false"),
        ("now() > fact.time", "1:4: undeclared reference"),
        ("(" * 200 + "true" + ")" * 200, "Expression recursion limit"),
        ("true" + " && true" * 200, "at most 1000 characters"),
    ],
)
def test_what_is_no_condition_is_refused_by_place(text: str, where: str) -> None:
    with pytest.raises(InvalidCondition) as refused:
        compile_condition(text)
    assert str(refused.value).startswith(where), str(refused.value)
    assert refused.value.pointer == "/condition"


def test_a_condition_that_loops_long_is_stopped() -> None:
    numbers = "[1,2,3,4,5,6,7,8,9,10]"
    text = "".join(f"{numbers}.all({name}, " for name in "abcdef") + "true" + ")" * 6
    fair = Fair(c_visits=campaign(bonus=30, condition=text))
    fair.play_all(*visits(1))
    assert fair.budget().used == 0


def test_a_condition_is_given_all_that_it_may_ask() -> None:
    text = " || ".join(f"dyn({name}) == dyn(null)" for name in TYPES)
    fair = Fair(c_visits=campaign(bonus=30, condition=f"!({text})"))
    fair.play_all(*visits(1))
    assert fair.budget().used == 30


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"budget": 0}, "campaign_without_budget"),
        ({"ends": day(0)}, "campaign_dates"),
        ({"bonus": 0}, "campaign_value"),
        ({"percent": 10}, "campaign_value"),
        ({"tiers": (TierValue("base", "gold", 1), TierValue("gold", "diamond", 2))}, "tiers_overlap"),
        ({"tiers": (TierValue("gold", "base", 1),)}, "tiers_overlap"),
        ({"tiers": (TierValue("gold", "gold", 1, 5),)}, "campaign_value"),
    ],
)
def test_what_cannot_be_a_campaign_is_refused(change: dict[str, Any], code: str) -> None:
    named = {"starts": day(0), "ends": day(9), "budget": 5, "bonus": 1, **change}
    refused = Fair().tell(DraftCampaign(Campaign("Spring", "visit", **named)), "c-1", "draft")
    assert refused == code
    check_campaign(campaign())


def test_a_draft_is_changed_and_what_is_scheduled_keeps_its_promise() -> None:
    fair = Fair()
    for number, bonus in enumerate((10, 30)):
        assert fair.tell(DraftCampaign(campaign(bonus=bonus)), VISITS, f"draft-{number}") == ""
    assert fair.tell(DraftCampaign(campaign(budget=0)), VISITS, "draft-2") == "campaign_without_budget"
    promised = fair.budget().campaign
    assert promised is not None and promised.bonus == 30
    for state, said in (("SCHEDULED", ScheduleCampaign()), ("PAUSED", PauseCampaign()), ("ENDED", EndCampaign())):
        assert fair.tell(said, VISITS, state) == ""
        assert fair.tell(DraftCampaign(campaign(bonus=50)), VISITS, f"late-{state}") == "wrong_campaign_state"
        assert (fair.budget().state, fair.budget().campaign) == (state, promised)


def test_a_campaign_lives_its_life() -> None:
    fair = Fair(c_visits=campaign(budget=1000))
    assert fair.tell(ScheduleCampaign(), VISITS, "s") == "wrong_campaign_state"
    assert fair.tell(PauseCampaign(), VISITS, "p") == ""
    fair.play_all(*visits(1))
    assert (fair.budget().used, fair.budget().shown(day(2))) == (0, "PAUSED")
    assert fair.tell(ResumeCampaign(), VISITS, "r") == ""
    fair.play_all(*visits(2))
    assert (fair.budget().used, fair.budget().shown(day(2)), fair.budget().shown(day(100))) == (50, "ACTIVE", "ENDED")
    assert fair.budget().shown(day(-1)) == "SCHEDULED"
    assert fair.tell(EndCampaign(), VISITS, "e") == ""
    fair.play_all(*visits(3))
    assert (fair.budget().used, active(fair)) == (50, 200)
    assert fair.tell(ResumeCampaign(), VISITS, "r2") == "wrong_campaign_state"
    assert fair.tell(PauseCampaign(), "c-never", "p") == "unknown_campaign"
    late = campaign(budget=9)
    assert fair.tell(DraftCampaign(late), "c-late", "d3") == ""
    assert fair.tell(ScheduleCampaign(), "c-late", "s3", day(100)) == "campaign_dates"


# ---- deals ----------------------------------------------------------------------------------------------------------


def test_a_deal_brings_what_is_paid_and_loses_what_is_cancelled() -> None:
    fair = Fair(c_deals=campaign("deal", 10_000, percent=50))
    fair.play_all(*deal(signed(day(1), "D", "2000000.00")))
    assert (fair.budget(DEALS).used, active(fair)) == (0, 0)
    fair.play_all(*deal(paid(day(2), "D", "1000000.00")))
    assert (fair.budget(DEALS).used, active(fair)) == (500, 1500)
    fair.play_all(*deal(paid(day(3), "D", "1000000.00", payment_id="2")))
    assert (fair.budget(DEALS).used, active(fair)) == (1000, 3000)
    fair.play_all(*deal(cancelled(day(4), "D", "500000.00")))
    assert (fair.budget(DEALS).used, active(fair)) == (750, 2250)
    fair.play_all(*deal(cancelled(day(5), "D", "1500000.00", number="2")))
    assert (fair.budget(DEALS).used, active(fair), fair.given()) == (0, 0, 0)


def test_a_dearer_deal_brings_more_and_a_cheaper_one_less() -> None:
    fair = Fair(c_deals=campaign("deal", 10_000, percent=50))
    fair.play_all(*deal(signed(day(1), "D", "2000000.00"), paid(day(1), "D", "9000000.00")))
    for when, price, used in ((2, "3000000.00", 1500), (3, "1000000.00", 500)):
        fair.play_all(*deal(changed(day(when), "D", price, f"{when}")))
        assert fair.budget(DEALS).used == used


def test_what_was_spent_of_a_campaign_is_owed_and_back_in_the_budget() -> None:
    fair = Fair(c_deals=campaign("deal", 10_000, percent=100))
    fair.play_all(*deal(signed(day(1), "D", "2000000.00"), paid(day(1), "D", "2000000.00")))
    assert fair.tell(HoldPoints(4000), SHE, "H", day(2)) == fair.tell(CaptureHold("H"), SHE, "C", day(2)) == ""
    fair.play_all(*deal(cancelled(day(3), "D", "2000000.00")))
    assert (fair.state(SHE).owed, fair.budget(DEALS).used, fair.given()) == (4000, 0, 0)


def test_a_small_budget_is_asked_again_with_the_next_payment() -> None:
    fair = Fair(c_deals=campaign("deal", 300, percent=100), c_visits=campaign())
    fair.play_all(*deal(signed(day(1), "A", "1000000.00"), paid(day(1), "A", "200000.00")))
    fair.play_all(*deal(signed(day(2), "B", "1000000.00"), paid(day(2), "B", "500000.00"), who="he"))
    assert fair.budget(DEALS).left == 0
    fair.play_all(*deal(cancelled(day(3), "A", "1000000.00")))
    assert (fair.budget(DEALS).left, active(fair, "he")) == (200, 500 + 100)
    fair.play_all(*deal(paid(day(4), "B", "1000.00", payment_id="2"), who="he"))
    assert (fair.budget(DEALS).left, active(fair, "he")) == (0, 501 + 300)


def test_what_is_asked_for_and_not_answered_is_not_asked_for_again() -> None:
    fair = Fair(c_deals=campaign("deal", 10_000, percent=50))
    for each in deal(signed(day(1), "D", "2000000.00"), paid(day(2), "D"), paid(day(3), "D", payment_id="2")):
        fair.fold(each)
    fair.deliver()
    assert (fair.budget(DEALS).granted, fair.budget(DEALS).returned) == (1000, 0)


def test_expired_points_of_a_campaign_come_back_to_its_budget_all_the_same() -> None:
    fair = Fair(c_deals=campaign("deal", 10_000, percent=100))
    fair.play_all(*deal(signed(day(1), "D", "1000000.00"), paid(day(1), "D", "1000000.00")))
    while (due := next_due(fair.state(SHE), POLICY)) and due.kind != "lot_expiry":
        assert fair.tell(Due(due.kind, due.due_at), SHE, f"due-{due.kind}-{due.due_at}", due.due_at) == ""
    assert due is not None
    assert fair.tell(Due("lot_expiry", due.due_at), SHE, "due", due.due_at) == ""
    assert active(fair) == 0
    fair.play_all(*deal(cancelled(day(900), "D", "1000000.00")))
    assert (fair.state(SHE).owed, fair.budget(DEALS).used, fair.given()) == (0, 0, 0)
    check(fair.state(SHE))


def test_an_account_with_many_deals_of_many_campaigns_stays_small() -> None:
    """Deals that are folded away keep what campaigns gave for them; a later word of a bonus about one changes nothing."""
    names = {f"c_{number}": campaign("deal", 10**9, percent=10) for number in range(5)}
    fair = Fair(**names)
    for number in range(60):
        now = day(1, number / 10)
        fair.play_all(*deal(signed(now, f"D{number}", "100000.00"), paid(now, f"D{number}", "100000.00")))
    account = fair.state(SHE)
    assert len(msgspec.msgpack.encode(account)) < 16_384
    assert len(account.deals) < 25 and len(account.campaign_points) == 5 * len(account.deals)
    assert (fair.given(), active(fair)) == (60 * 5 * 10, 60 * 150)
    told = CampaignGranted(grant_id_of("c-0", "D0"), "c-0", "deal", 3, 9, "campaign_taken_back", "D0")
    fair.play_all(with_subject(fact(told, day(9), "late", "/hearth/loyalty"), SHE))
    assert fair.given() == 60 * 5 * 10


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_a_deals_facts_does_not_matter(seed: int) -> None:
    """With a budget that is large enough."""
    facts = deal(
        signed(day(1), "D", "2000000.00"),
        changed(day(2), "D", "3000000.00"),
        *(paid(day(3 + each), "D", "600000.00", payment_id=f"{each}") for each in range(4)),
        cancelled(day(8), "D", "1000000.00"),
    )
    dice, fair = random.Random(seed), Fair(c_deals=campaign("deal", 100_000, percent=50))
    dice.shuffle(facts)
    fair.play(facts, dice)
    assert fair.budget(DEALS).used == fair.given() == min(1500 * 24 // 30, 1500 - 500)


# ---- merges ---------------------------------------------------------------------------------------------------------


def test_what_a_campaign_gave_goes_with_the_account_and_comes_back_with_it() -> None:
    fair = Fair(c_visits=campaign(budget=1000), c_deals=campaign("deal", 10_000, percent=50))
    turns, dice = Turns("ab"), random.Random(1)
    fair.play_all(*visits(1, who="a"), *visits(1, who="b"))
    fair.play_all(*deal(signed(day(1), "D", "2000000.00"), paid(day(1), "D", "1000000.00"), who="b"))
    turns.merge("m1", dice)
    fair.play_all(*turns.facts)
    assert (active(fair, "a"), fair.budget().used, fair.budget(DEALS).used) == (50 + 1000 + 100 + 500, 100, 500)
    fair.play_all(*deal(paid(day(4), "D", "1000000.00", payment_id="2"), who="b"))
    assert (fair.budget(DEALS).used, fair.given()) == (1000, 1100)
    before = len(turns.facts)
    turns.unmerge(dice)
    fair.play_all(*turns.facts[before:])
    assert (active(fair, "a"), active(fair, "b"), fair.given()) == (100, 100 + 3000, 1100)
    fair.play_all(*deal(cancelled(day(5), "D", "2000000.00"), who="b"))
    assert (active(fair, "b"), fair.budget(DEALS).used, fair.given()) == (100, 0, 100)


def test_a_cancellation_that_comes_with_a_merge_goes_with_it_again() -> None:
    """She signed and paid, and her other self cancelled half: as one person she has half of what the campaign gives."""
    fair, turns, dice = Fair(c_deals=campaign("deal", 10_000, percent=50)), Turns("ab"), random.Random(1)
    fair.play_all(*deal(signed(day(1), "D", "2000000.00"), paid(day(1), "D", "2000000.00"), who="b"))
    fair.play_all(*deal(cancelled(day(2), "D", "1000000.00"), who="a"))
    assert (fair.budget(DEALS).used, fair.given()) == (1000, 1000)
    turns.merge("m1", dice)
    fair.play_all(*turns.facts)
    assert (active(fair, "a"), fair.budget(DEALS).used, fair.given()) == (1500, 500, 500)
    before = len(turns.facts)
    turns.unmerge(dice)
    later = {"time": day(4), "recorded_at": day(4)}
    fair.play_all(*(msgspec.structs.replace(each, **later) for each in turns.facts[before:]))
    assert (active(fair, "b"), fair.budget(DEALS).used, fair.given()) == (3000, 1000, 1000)


class FairMachine(RuleBasedStateMachine):
    """Members visit, sign, pay, cancel, spend; some turn out to be one person, and apart again; campaigns pause; messages
    come in any order, late, and more than once.
    """

    @initialize(
        seed=st.integers(0, 10**6),
        budget=st.integers(1, 400),
        large=st.integers(1, 4000),
        short=st.sampled_from(("partial", "whole")),
    )
    def begin(self, seed: int, budget: int, large: int, short: Any) -> None:
        self.fair = Fair(
            c_visits=campaign(budget=budget, when_short=short),
            c_deals=campaign("deal", large, percent=60, when_short=short),
        )
        self.turns, self.dice, self.steps, self.merges = Turns("abc"), random.Random(seed), 0, 0

    def now(self) -> Any:
        self.steps += 1
        return day(1, self.steps / 100)

    def fold(self, each: Any, who: str, twice: bool = False) -> None:
        for _ in range(1 + twice):
            self.fair.ask(with_subject(each, who))

    @rule(who=st.sampled_from("abc"), project=st.sampled_from(("P1", "P2", "P3", "P4")), twice=st.booleans())
    def visit(self, who: str, project: str, twice: bool) -> None:
        self.fold(visit(self.now(), f"V{self.steps}", project_id=project), who, twice)

    @rule(who=st.sampled_from("abc"), name=st.sampled_from("DEF"), thousands=st.integers(1, 3000))
    def sign(self, who: str, name: str, thousands: int) -> None:
        self.fold(signed(self.now(), f"{name}-{who}", f"{thousands}000.00"), who)

    @rule(
        of=st.sampled_from("abc"),
        by=st.sampled_from("abc"),
        name=st.sampled_from("DEF"),
        what=st.sampled_from(("pay", "lose", "change")),
    )
    def go_on(self, of: str, by: str, name: str, what: str) -> None:
        """Now and then a fact about a deal comes to somebody else, who may turn out to be the same person."""
        now, amount, named = self.now(), f"{self.dice.randint(1, 2000)}000.00", f"{name}-{of}"
        if what == "pay":
            self.fold(paid(now, named, amount, payment_id=f"P{self.steps}"), by)
        elif what == "lose":
            self.fold(cancelled(now, named, amount, number=f"{self.steps}"), by)
        else:
            self.fold(changed(now, named, amount), by)

    @rule(who=st.sampled_from("abc"), points=st.integers(1, 3000))
    def spend(self, who: str, points: int) -> None:
        root, now = self.turns.root(who), self.now()
        if self.fair.tell(HoldPoints(points), root, f"H{self.steps}", now) == "":
            assert self.fair.tell(CaptureHold(f"H{self.steps}"), root, f"C{self.steps}", now) == ""

    @rule(most=st.integers(1, 8), twice=st.booleans())
    def hear(self, most: int, twice: bool) -> None:
        for _ in range(min(most, len(self.fair.box))):
            given = self.fair.box.pop(self.dice.randrange(len(self.fair.box)))
            for _ in range(1 + twice):
                self.fair.fold(given)

    @rule(merge=st.booleans())
    def turn(self, merge: bool) -> None:
        before = len(self.turns.facts)
        self.merges += 1
        self.turns.merge(f"m{self.merges}", self.dice) if merge else self.turns.unmerge(self.dice)
        for each in self.turns.facts[before:]:
            self.fair.fold(each)

    @rule(which=st.sampled_from((VISITS, DEALS)), what=st.sampled_from((PauseCampaign, ResumeCampaign)))
    def pause(self, which: str, what: Any) -> None:
        now = self.now()
        assert self.fair.tell(what(), which, f"{what.TYPE}{self.steps}", now) in ("", "wrong_campaign_state")

    def waiting(self, *names: str) -> int:
        """Points on their way between a campaign and bonuses."""
        return sum(each.data.points for each in self.fair.box if each.type in names)

    @invariant()
    def no_budget_is_exceeded(self) -> None:
        if not hasattr(self, "fair"):
            return
        for name in (VISITS, DEALS):
            budget = self.fair.budget(name)
            assert budget.left >= 0 and budget.used >= 0
            assert budget.used + budget.left == budget.campaign.budget
        bonuses = self.fair.entities("bonus")
        on_the_way = self.waiting("crm.campaign.answered.v1", "crm.campaign.returned.v1")
        assert sum(each.held for each in bonuses) + on_the_way == self.fair.budget(DEALS).used
        assert all(min(each.due, each.held, each.asking) >= 0 for each in bonuses)
        for who in "abc":
            if who in self.fair.heads:
                check(self.fair.state(who))
                heard = [self.fair.language.heard(out) for out in self.fair.said.get(who, [])]
                assert reconcile(self.fair.state(who), heard) == []

    def teardown(self) -> None:
        """When all is said: accounts have what budgets gave, and nothing that deals did not earn."""
        if not hasattr(self, "fair"):
            return
        while self.fair.box:
            self.hear(5, False)
        self.no_budget_is_exceeded()
        assert self.fair.given() == self.fair.budget(VISITS).used + self.fair.budget(DEALS).used
        assert all(each.held <= each.due and not each.asking for each in self.fair.entities("bonus"))


FairMachine.TestCase.settings = settings(
    max_examples=80, stateful_step_count=50, deadline=None, phases=[Phase.generate]
)
TestFairMachine = FairMachine.TestCase


def test_many_ask_at_once_for_one_budget() -> None:
    """10,000 points for 400 members who each want 50, messages in any order and twice: 200 get them, nobody less."""
    fair, dice = Fair(c_visits=campaign(budget=10_000)), random.Random(3)
    facts = [each for number in range(400) for each in visits(1, who=f"m{number}")]
    fair.play(facts, dice)
    got = [active(fair, f"m{number}") - 50 for number in range(400)]
    assert (sorted(set(got)), sum(got), fair.given()) == ([0, 50], 10_000, 10_000)
    assert (fair.budget().left, fair.budget().grants, fair.budget().refused) == (0, 200, 10_000)
