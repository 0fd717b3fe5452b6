"""Rewards and redemptions: a stock that is never given out twice, whoever asks, in whatever order messages come."""

import random
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.facts.rewards import RedemptionChanged, RewardAnswered, RewardDelivered, RewardRequested, RewardReturned
from services.loyalty.domain.commands import (
    CancelRedemption,
    CaptureHold,
    ChangeStock,
    DefineReward,
    DeliverRedemption,
    Due,
    FulfilRedemption,
    RedeemReward,
    RefundRedemption,
    VoidHold,
)
from services.loyalty.domain.marks import MARK_BYTES
from services.loyalty.domain.model import GOING_ON
from services.loyalty.domain.redeeming import MOST_REDEMPTIONS
from services.loyalty.domain.rewards import holds_piece
from services.loyalty.domain.statement import reconcile
from services.loyalty.domain.timers import next_due
from tests.unit.facts import day, visit
from tests.unit.loyalty.accounts import POLICY, check
from tests.unit.loyalty.shop import KETTLE, RICH, SHE, Shop, ledger, redeem, shop, split
from tests.unit.loyalty.test_spending import FULL
from tests.unit.merging import Turns
from tests.unit.test_merging import with_subject

PRICE = 400
HEARD_AGAIN = {each.TYPE for each in (RewardRequested, RewardAnswered, RewardReturned, RewardDelivered)}
"""What may be said more than once of one redemption, by accounts that were merged meanwhile."""


def test_a_redemption_goes_its_way() -> None:
    made = shop()
    assert redeem(made) == ""
    assert (split(made), made.state(SHE).redemptions["R1"].state) == ((700, 300, 0), "HELD")
    made.deliver()
    assert (split(made), made.state(KETTLE).stock, made.state(KETTLE).given) == ((700, 0, 300), 1, 1)
    assert made.tell(FulfilRedemption("R1"), SHE, "f") == ""
    assert made.tell(DeliverRedemption("R1"), SHE, "d") == ""
    assert made.tell(CancelRedemption("R1"), SHE, "c") == "wrong_redemption_state"
    assert made.tell(RefundRedemption("R1"), SHE, "r", day(2)) == ""
    assert (split(made), made.state(SHE).redemptions["R1"].state, made.state(KETTLE).stock) == (
        (1000, 0, 0),
        "REFUNDED",
        1,
    )
    assert made.states() == ["HELD", "CONFIRMED", "FULFILLING", "DELIVERED", "REFUNDED"]
    assert made.tell(RefundRedemption("R1"), SHE, "r2") == "wrong_redemption_state"


def test_what_is_cancelled_gives_the_points_and_the_piece_back() -> None:
    made = shop()
    redeem(made)
    made.deliver()
    assert made.tell(CancelRedemption("R1"), SHE, "c") == ""
    made.deliver()
    assert (split(made), made.state(KETTLE).stock, made.states()[-1]) == ((1000, 0, 0), 2, "CANCELLED")


def test_the_last_piece_is_given_once() -> None:
    made = shop(stock=1)
    assert redeem(made, "R1") == redeem(made, "R2") == ""
    made.deliver()
    assert (split(made), made.state(KETTLE).stock) == ((700, 0, 300), 0)
    assert made.states() == ["HELD", "HELD", "CONFIRMED", "RELEASED"]


def test_a_redemption_given_up_in_time_gives_the_piece_back() -> None:
    """The points came back before the reward answered."""
    made = shop()
    redeem(made)
    assert made.tell(VoidHold("R1"), SHE, "v") == ""
    made.deliver()
    assert (split(made), made.state(KETTLE).stock, made.states()) == ((1000, 0, 0), 2, ["HELD", "RELEASED"])


def test_a_redemption_that_is_not_answered_ends_by_itself() -> None:
    made = shop()
    redeem(made)
    due = next_due(made.state(SHE), POLICY)
    assert due is not None and due.kind == "hold_timeout"
    assert made.tell(Due("hold_timeout", due.due_at), SHE, "due", due.due_at) == ""
    assert (split(made), made.states()) == ((1000, 0, 0), ["HELD", "RELEASED"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (DefineReward("Kettle", 400), "reward_changed"),
        (DefineReward("Kettle", 300, "gold"), "tier_too_low"),
        (DefineReward("Kettle", 300, "base", False), "reward_withdrawn"),
        (ChangeStock(-2), "reward_sold_out"),
    ],
)
def test_what_changed_meanwhile_is_not_given(change: Any, why: str) -> None:
    made = shop()
    redeem(made)
    assert made.tell(change, KETTLE, "change") == ""
    made.deliver()
    assert split(made) == (1000, 0, 0)
    last = made.language.heard(made.said[SHE][-1]).data
    assert (last.state, last.why) == ("RELEASED", why)


def test_what_cannot_be_had_is_refused() -> None:
    made = shop(*RICH, with_subject(visit(day(0)), "poor"))
    assert redeem(made, who="poor") == "insufficient_points"
    assert made.tell(ChangeStock(-3), KETTLE, "less") == "insufficient_stock"
    assert made.tell(ChangeStock(1), "never-defined", "more") == "unknown_reward"
    redeem(made)
    assert made.tell(CaptureHold("R1"), SHE, "c") == "unknown_hold"
    assert made.tell(FulfilRedemption("R1"), SHE, "f") == "wrong_redemption_state"
    assert made.tell(FulfilRedemption("R9"), SHE, "f") == "unknown_redemption"


def test_so_many_redemptions_are_open() -> None:
    made = shop(stock=100, price=1)
    for number in range(MOST_REDEMPTIONS):
        assert redeem(made, f"R{number}", price=1) == ""
        made.deliver()
    assert redeem(made, "R-more", price=1) == "too_many_redemptions"


def turned(made: Shop, turns: Turns, merge: bool) -> None:
    """The two become one person, or two again; not yet heard is what accounts say to each other of it."""
    before = len(turns.facts)
    turns.merge("m1", random.Random(1)) if merge else turns.unmerge(random.Random(1))
    for each in turns.facts[before:]:
        made.fold(each)


def part_rich() -> Shop:
    """Two members: `a` has 50 points, `b` a thousand."""
    return shop(with_subject(visit(day(0)), "a"), *(with_subject(each, "b") for each in FULL), price=900)


def test_what_was_had_stays_had_when_its_points_leave_with_a_merge() -> None:
    made, turns = part_rich(), Turns("ab")
    turned(made, turns, merge=True)
    made.deliver()
    assert redeem(made, who="a", price=900, now=day(4)) == ""
    made.deliver()
    turned(made, turns, merge=False)
    made.deliver()
    assert (made.state("a").owed, split(made, "b"), made.state(KETTLE).given) == (900, (1000, 0, 0), 1)
    assert reconcile(made.state("a"), ledger(made, "a")) == []


def test_what_was_not_had_yet_when_its_points_leave_with_a_merge_is_given_up() -> None:
    """The reward had reserved a piece; it goes back, and nobody owes anything."""
    made, turns = part_rich(), Turns("ab")
    turned(made, turns, merge=True)
    made.deliver()
    assert redeem(made, who="a", price=900, now=day(4)) == ""
    made.fold(made.box.pop(0))
    assert made.state(KETTLE).given == 1
    answer = made.box.pop(0)
    turned(made, turns, merge=False)
    made.deliver()
    due = next_due(made.state("a"), POLICY)
    assert due is not None and made.tell(due, "a", "due", due.due_at) == ""
    made.fold(answer)
    made.deliver()
    assert (made.state("a").owed, split(made, "a"), split(made, "b")) == (0, (50, 0, 0), (1000, 0, 0))
    assert (made.state("a").redemptions["R1"].state, made.state(KETTLE).stock) == ("RELEASED", 2)


def test_a_redemption_stays_with_who_asked_when_a_merge_is_undone() -> None:
    """It was confirmed while the two were one."""
    made, turns = part_rich(), Turns("ab")
    assert redeem(made, who="b", price=900, now=day(2)) == ""
    turned(made, turns, merge=True)
    made.deliver()
    assert (split(made, "a"), made.state("a").redemptions["R1"].state) == ((150, 0, 900), "CONFIRMED")
    assert made.tell(DeliverRedemption("R1"), "a", "d", day(4)) == ""
    turned(made, turns, merge=False)
    made.deliver()
    assert (split(made, "a"), split(made, "b"), made.state("b").owed) == ((50, 0, 0), (100, 0, 900), 0)
    assert (made.state("a").redemptions, made.state("b").redemptions["R1"].state) == ({}, "DELIVERED")
    assert reconcile(made.state("a"), ledger(made, "a")) == reconcile(made.state("b"), ledger(made, "b")) == []


def test_what_a_merge_gives_up_goes_back() -> None:
    """A hold of the one ran out, and with it, when the two are one, an older hold of the other."""
    made, turns = shop(*(with_subject(each, who) for who in "ab" for each in FULL)), Turns("ab")
    assert redeem(made, "R1", "b") == redeem(made, "R2", "a", now=day(1, 12.1)) == ""
    due = next_due(made.state("a"), POLICY)
    assert due is not None and made.tell(due, "a", "due", due.due_at) == ""
    made.fold(made.box.pop(0))
    assert made.state(KETTLE).given == 1
    turned(made, turns, merge=True)
    made.deliver()
    assert {each.state for each in made.state("a").redemptions.values()} == {"RELEASED"}
    assert (made.state(KETTLE).stock, made.state(KETTLE).open) == (2, b"")
    assert [each.data.why for each in ledger(made, "a") if each.type == RedemptionChanged.TYPE][
        -1
    ] == "merge_correction"


class ShopMachine(RuleBasedStateMachine):
    """Members redeem, give up, cancel, refund; stock comes and goes; some turn out to be one person, and apart again; messages
    come in any order, late, and more than once.
    """

    @initialize(seed=st.integers(0, 10**6), stock=st.integers(0, 4))
    def begin(self, seed: int, stock: int) -> None:
        self.made, self.turns, self.dice = Shop(), Turns("abc"), random.Random(seed)
        self.steps, self.merges, self.pieces, self.refunded = 0, 0, stock, 0
        for who in "abc":
            for each in FULL:
                self.made.fold(with_subject(each, who))
        self.tell(DefineReward("Kettle", PRICE), KETTLE)
        self.tell(ChangeStock(stock), KETTLE)
        self.asked: list[tuple[str, str]] = []

    def tell(self, data: Any, subject: str, name: str = "") -> str:
        self.steps += 1
        return self.made.tell(data, subject, name or f"c{self.steps:03}", day(1, self.steps / 100))

    @rule()
    def redeem(self) -> None:
        who, name = self.turns.root(self.dice.choice("abc")), f"R{self.steps:03}"
        if not self.tell(RedeemReward(KETTLE, PRICE), who, name):
            self.asked.append((name, who))

    @rule(what=st.sampled_from((VoidHold, FulfilRedemption, DeliverRedemption, CancelRedemption, RefundRedemption)))
    def go_on(self, what: Any) -> None:
        if self.asked:
            name, who = self.dice.choice(self.asked)
            refused = self.turns.root(who) != who or self.tell(what(name), who)
            self.refunded += what is RefundRedemption and not refused

    @rule(who=st.sampled_from("abc"))
    def time_out(self, who: str) -> None:
        """The oldest hold runs out, whatever is still on its way."""
        due = next_due(self.made.state(who), POLICY)
        if due and due.kind == "hold_timeout" and self.turns.root(who) == who:
            assert self.made.tell(due, who, f"due-{who}-{due.due_at}", due.due_at) == ""

    @rule(by=st.integers(-2, 3))
    def stock(self, by: int) -> None:
        if not self.tell(ChangeStock(by), KETTLE):
            self.pieces += by

    @rule(most=st.integers(1, 5), twice=st.booleans())
    def hear(self, most: int, twice: bool) -> None:
        for _ in range(min(most, len(self.made.box))):
            given = self.made.box.pop(self.dice.randrange(len(self.made.box)))
            self.made.fold(given)
            if twice:
                self.made.fold(given)
            if twice and given.type in HEARD_AGAIN:
                self.made.fold(msgspec.structs.replace(given, id=f"{given.id}.again"))

    @rule(merge=st.booleans())
    def turn(self, merge: bool) -> None:
        before = len(self.turns.facts)
        self.merges += 1
        self.turns.merge(f"m{self.merges}", self.dice) if merge else self.turns.unmerge(self.dice)
        for each in self.turns.facts[before:]:
            self.made.fold(each)

    @invariant()
    def nothing_is_given_twice(self) -> None:
        if not hasattr(self, "made"):
            return
        kettle = self.made.state(KETTLE)
        assert kettle.stock + kettle.given == self.pieces and min(kettle.stock, kettle.given) >= 0
        for who in "abc":
            if who in self.made.heads:
                check(self.made.state(who))
                heard = [self.made.language.heard(out) for out in self.made.said.get(who, [])]
                assert reconcile(self.made.state(who), heard) == []

    def settle(self) -> None:
        """Everything is heard, and what nobody has answered runs out."""
        while self.made.box:
            self.hear(5, False)
        for who in "abc":
            while (due := next_due(self.made.state(who), POLICY)) and due.kind == "hold_timeout":
                assert self.made.tell(due, who, f"due-{who}-{due.due_at}", due.due_at) == ""
        if self.made.box:
            self.settle()

    def teardown(self) -> None:
        """When all is said: every piece that is given was paid for, and nobody waits."""
        if not hasattr(self, "made"):
            return
        self.settle()
        self.nothing_is_given_twice()
        redeemed = sum(self.made.state(who).balances.redeemed for who in "abc" if who in self.made.heads)
        assert redeemed == PRICE * (self.made.state(KETTLE).given - self.refunded)
        mine = [own for who in "abc" for own in self.made.state(who).redemptions.items()]
        going_on = [name for name, each in mine if each.state in GOING_ON]
        assert all(holds_piece(self.made.state(KETTLE), name) for name in going_on)
        assert len(self.made.state(KETTLE).open) == MARK_BYTES * len(going_on)
        assert sorted(name for name, _ in mine) == sorted(name for name, _ in self.asked)


ShopMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=35, deadline=None, phases=[Phase.generate]
)
TestShopMachine = ShopMachine.TestCase


def test_many_ask_at_once_for_few_pieces() -> None:
    """200 members, 17 pieces, messages in any order and twice."""
    members = [f"m{number}" for number in range(200)]
    made, dice = Shop(), random.Random(3)
    for who in members:
        for each in FULL:
            made.fold(with_subject(each, who))
    made.tell(DefineReward("Kettle", 300), KETTLE, "define", day(0))
    made.tell(ChangeStock(17), KETTLE, "stock", day(0))
    for who in members:
        assert redeem(made, f"R-{who}", who) == ""
    while made.box:
        given = made.box.pop(dice.randrange(len(made.box)))
        made.fold(given)
        if dice.random() < 0.2:
            made.fold(given)
    ends = Counter(made.states(who)[-1] for who in members)
    assert ends == {"CONFIRMED": 17, "RELEASED": 183}
    assert (made.state(KETTLE).stock, made.state(KETTLE).given) == (0, 17)
