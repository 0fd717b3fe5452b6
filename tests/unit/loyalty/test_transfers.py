"""Points from one member to another, and points by hand: with the consent of two, whatever the order of what accounts say
to each other, and whoever turns out to be whom.
"""

import random
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.fold.model import Key
from chassis.fold.rules import Item, empty_head
from contracts.errors import Refused
from contracts.fact import Fact
from contracts.facts.loyalty import PointsAdjusted, PointsTransferred
from services.loyalty.domain.commands import (
    AcceptTransfer,
    ApproveAdjustment,
    CaptureHold,
    DeclineTransfer,
    Due,
    HoldPoints,
    OfferTransfer,
    ProposeAdjustment,
    RefundSpend,
    RejectAdjustment,
    VoidHold,
)
from services.loyalty.domain.model import EMPTY
from services.loyalty.domain.statement import reconcile
from services.loyalty.domain.timers import next_due
from services.loyalty.domain.transfers import MOST_OFFERS
from services.loyalty.worker.table import RULES
from tests.unit import facts as f
from tests.unit.facts import cancelled, day, paid, signed, visit
from tests.unit.loyalty.accounts import POLICY, apply, check, check_ledger, command, fold
from tests.unit.loyalty.test_spending import FULL, hold, refusal
from tests.unit.merging import Turns, World
from tests.unit.test_merging import SERVICES, with_subject

SHE, FRIEND = "she", "friend"
RICH = [with_subject(each, SHE) for each in (signed(day(0), "D1", "1000000.00"), paid(day(0), "D1", "1000000.00"))]


def asked(world: World, data, now, name: str, subject: str) -> str:
    """A command as a door carries it out; the code of the refusal, or ""."""
    each = with_subject(command(data, now, name), subject)
    key = Key("account", subject)
    head = world.heads.get(subject) or empty_head({"account": world.kind}, key)
    folded = world.folder.fold(head, [Item(0, key, each)], "door")
    if folded.refused:
        error = folded.refused[0][1]
        assert isinstance(error, Refused), error
        return error.code
    world.fold(each)
    return ""


def told(*facts: Fact) -> World:
    world = SERVICES[0].world()
    for each in facts:
        world.fold(each)
    return world


def deliver(world: World) -> None:
    while world.box:
        world.fold(world.box.pop(0))


def offered(points: int = 300) -> World:
    world = told(*RICH)
    assert asked(world, OfferTransfer(FRIEND, points), day(1), "T1", SHE) == ""
    deliver(world)
    return world


def split(world: World, who: str) -> tuple[int, int, int]:
    own = world.state(who).balances
    return own.active, own.held, own.transferred


# ---- transfers -------------------------------------------------------------------------------------------------------


def test_points_go_to_who_agrees_with_the_end_they_had() -> None:
    world = offered()
    assert split(world, SHE) == (700, 300, 0)
    assert world.state(FRIEND).offers["T1"].points == 300
    assert asked(world, AcceptTransfer("T1"), day(2), "A1", FRIEND) == ""
    deliver(world)
    assert (split(world, SHE), split(world, FRIEND)) == ((700, 0, 300), (300, 0, -300))
    ends = {lot.expires_at for who in (SHE, FRIEND) for lot in world.state(who).lots.values() if lot.active}
    assert len(ends) == 1
    assert world.state(FRIEND).qualifying_points == 0
    for who in (SHE, FRIEND):
        heard = [world.language.heard(out) for out in world.said[who]]
        assert reconcile(world.state(who), heard) == []
        assert sum(isinstance(each.data, PointsTransferred) for each in heard) == 1


def test_who_does_not_agree_gets_nothing_and_the_points_come_back() -> None:
    world = offered()
    assert asked(world, DeclineTransfer("T1"), day(2), "A1", FRIEND) == ""
    deliver(world)
    assert (split(world, SHE), world.state(FRIEND).offers) == ((1000, 0, 0), {})
    assert asked(world, AcceptTransfer("T1"), day(3), "A2", FRIEND) == "unknown_transfer"


def test_what_is_withdrawn_cannot_be_accepted() -> None:
    world = offered()
    assert asked(world, VoidHold("T1"), day(2), "V1", SHE) == ""
    deliver(world)
    assert (split(world, SHE), world.state(FRIEND).offers) == ((1000, 0, 0), {})


def test_what_is_withdrawn_while_it_is_accepted_stays() -> None:
    """The answer comes after the points went back: nothing is sent, also when the account is made again by a merge."""
    world = offered()
    assert asked(world, AcceptTransfer("T1"), day(2), "A1", FRIEND) == ""
    assert asked(world, VoidHold("T1"), day(3), "V1", SHE) == ""
    deliver(world)
    assert (split(world, SHE), split(world, FRIEND)) == ((1000, 0, 0), (0, 0, 0))
    turns = Turns((SHE, "other"))
    turns.merge("m1", random.Random(1))
    world.play(turns.facts, random.Random(1))
    assert split(world, min(SHE, "other")) == (1000, 0, 0)


def test_an_offer_ends_by_itself_on_both_sides() -> None:
    world = offered()
    due = day(1) + timedelta(days=POLICY.transfer_days)
    assert next_due(world.state(SHE), POLICY) == Due("hold_timeout", due)
    assert next_due(world.state(FRIEND), POLICY) == Due("offer_timeout", due)
    assert asked(world, AcceptTransfer("T1"), due, "A1", FRIEND) == "unknown_transfer"
    for who, kind in ((SHE, "hold_timeout"), (FRIEND, "offer_timeout")):
        assert asked(world, Due(kind, due), due, f"due-{who}", who) == ""
    deliver(world)
    assert (split(world, SHE), world.state(FRIEND).offers) == ((1000, 0, 0), {})


def test_points_that_are_offered_cannot_be_spent() -> None:
    world = offered()
    assert asked(world, CaptureHold("T1"), day(1), "C1", SHE) == "unknown_hold"
    assert asked(world, OfferTransfer(FRIEND, 701), day(1), "T2", SHE) == "insufficient_points"
    assert asked(world, OfferTransfer(SHE, 1), day(1), "T3", SHE) == "transfer_to_oneself"


def test_a_transfer_repays_the_debt_of_the_receiver_first() -> None:
    world = offered()
    bought = [with_subject(each, FRIEND) for each in FULL]
    for each in bought:
        world.fold(each)
    assert asked(world, HoldPoints(1000), day(1), "H1", FRIEND) == ""
    assert asked(world, CaptureHold("H1"), day(1), "C1", FRIEND) == ""
    world.fold(with_subject(cancelled(day(1), amount="200000.00"), FRIEND))
    assert asked(world, AcceptTransfer("T1"), day(2), "A1", FRIEND) == ""
    deliver(world)
    assert (world.state(FRIEND).owed, world.state(FRIEND).balances.active) == (0, 100)


def test_points_given_away_are_owed_when_their_reason_falls_away() -> None:
    """Nobody keeps points by sending them to a friend before cancelling."""
    world = offered(1000)
    assert asked(world, AcceptTransfer("T1"), day(2), "A1", FRIEND) == ""
    deliver(world)
    world.fold(with_subject(cancelled(day(3), "D1", "1000000.00"), SHE))
    assert world.state(SHE).owed == 1000
    assert world.state(FRIEND).balances.active == 1000


def test_who_has_too_many_offers_declines() -> None:
    world = told(*RICH)
    for number in range(MOST_OFFERS + 1):
        sender = f"s{number}"
        world.fold(with_subject(visit(day(0), f"V{number}"), sender))
        assert asked(world, OfferTransfer(FRIEND, 10), day(1), f"T{number}", sender) == ""
        deliver(world)
    assert len(world.state(FRIEND).offers) == MOST_OFFERS
    assert split(world, f"s{MOST_OFFERS}") == (50, 0, 0)


def test_what_was_sent_stays_sent_when_its_points_leave_with_a_merge() -> None:
    """She and another are one and send the other's points; they part: she owes what she sent."""
    world = told(with_subject(visit(day(0)), "a"), *(with_subject(each, "b") for each in FULL))
    turns = Turns("ab")
    turns.merge("m1", random.Random(1))
    world.play(turns.facts, random.Random(1))
    assert asked(world, OfferTransfer(FRIEND, 900), day(4), "T1", "a") == ""
    deliver(world)
    assert asked(world, AcceptTransfer("T1"), day(5), "A1", FRIEND) == ""
    deliver(world)
    turns.unmerge(random.Random(1))
    world.play(turns.facts[2:], random.Random(1))
    assert (world.state("a").owed, world.state("b").balances.active) == (900, 1000)
    assert world.state(FRIEND).balances.active == 900
    heard = [world.language.heard(out) for out in world.said["a"]]
    assert reconcile(world.state("a"), heard) == []


# ---- points by hand --------------------------------------------------------------------------------------------------


def propose(points: int, by: str = "ann", name: str = "P1"):
    return command(ProposeAdjustment(points, "goodwill", by), day(1), name)


def approve(by: str = "bob", name: str = "P1", now=None):
    return command(ApproveAdjustment(name, by), now or day(2), f"approve-{name}-{by}")


def test_two_persons_give_points() -> None:
    account, published = fold([propose(500), approve()])
    assert (account.balances.active, account.qualifying_points, account.proposals) == (500, 0, {})
    (said,) = [each.data for each in published if isinstance(each.data, PointsAdjusted)]
    assert (said.reason, said.proposed_by, said.approved_by) == ("goodwill", "ann", "bob")
    check_ledger(account, published)


def test_one_person_does_not() -> None:
    account, published = fold([propose(500)])
    assert published == [] and account.balances == EMPTY.balances
    assert refusal(account, approve("ann")).code == "same_person"


def test_points_are_taken_only_while_they_are_there() -> None:
    account, _ = fold([f.visit(day(0)), propose(-50), propose(-1, name="P2")])
    account, _ = fold([approve()], account)
    assert (account.balances.active, account.balances.reversed) == (0, 50)
    assert refusal(account, approve(name="P2")).code == "insufficient_points"


def test_points_by_hand_repay_debt_first() -> None:
    account, _ = fold([*FULL, hold(1000, day(1)), command(CaptureHold("H1"), day(1), "c")])
    account, _ = fold([f.cancelled(day(2), amount="1000000.00"), propose(600), approve()], account)
    assert (account.owed, account.balances.active) == (400, 0)


@pytest.mark.parametrize("points", [0, POLICY.most_adjusted + 1, -POLICY.most_adjusted - 1])
def test_so_many_points_cannot_be_given_by_hand(points: int) -> None:
    assert refusal(EMPTY, propose(points)).code == "adjustment_too_large"


def test_a_proposal_is_decided_once_and_in_time() -> None:
    account, _ = fold([propose(500)])
    late = day(1) + timedelta(days=POLICY.adjustment_days)
    assert refusal(account, approve(now=late)).code == "unknown_adjustment"
    assert next_due(account, POLICY) == Due("offer_timeout", late)
    assert apply(account, command(Due("offer_timeout", late), late, "due"))[0] == EMPTY
    account, _ = fold([command(RejectAdjustment("P1", "ann"), day(2), "r")], account)
    assert refusal(account, approve()).code == "unknown_adjustment"


def test_so_many_proposals_wait() -> None:
    account, _ = fold([propose(1, name=f"P{number}") for number in range(10)])
    assert refusal(account, propose(1, name="P-more")).code == "too_many_adjustments"


# ---- anything, among several members ---------------------------------------------------------------------------------

MEMBERS = "abc"


class MembersMachine(RuleBasedStateMachine):
    """Members earn, spend, are refunded and give each other points; some turn out to be one person, and apart again; what
    accounts say to each other comes in any order, late, and more than once.
    """

    @initialize(seed=st.integers(0, 10**6))
    def begin(self, seed: int) -> None:
        self.world, self.turns, self.dice = SERVICES[0].world(), Turns(MEMBERS), random.Random(seed)
        self.steps, self.merges, self.spent = 0, 0, 0
        self.now = day(0)
        self.holds: dict[str, str] = {}
        self.spends: dict[str, tuple[str, int]] = {}
        self.offers: list[tuple[str, str]] = []

    def name(self, prefix: str) -> str:
        self.steps, self.now = self.steps + 1, self.now + timedelta(seconds=20)
        return f"{prefix}{self.steps:03}"

    def asked(self, data, who: str, name: str = "") -> str:
        """A command, later than all before: facts of one instant have no order that a merge would keep."""
        name = name or self.name("C")
        return asked(self.world, data, self.now, name, who)

    def root(self) -> str:
        return self.turns.root(self.dice.choice(MEMBERS))

    @rule(price=st.integers(1, 900))
    def earn(self, price: int) -> None:
        who, deal = self.dice.choice(MEMBERS), self.name("D")
        for each in (signed(self.now, deal, f"{price}000.00"), paid(self.now, deal, f"{price}000.00")):
            self.world.fold(with_subject(each, who))

    @rule(points=st.integers(1, 900))
    def hold(self, points: int) -> None:
        who, name = self.root(), self.name("H")
        if not self.asked(HoldPoints(points), who, name):
            self.holds[name] = who

    @rule(capture=st.booleans())
    def end(self, capture: bool) -> None:
        if not self.holds:
            return
        name, who = self.holds.popitem()
        held = self.world.state(who).holds.get(name)
        data = CaptureHold(name) if capture else VoidHold(name)
        if self.turns.root(who) == who and not self.asked(data, who) and capture:
            assert held is not None
            self.spent += held.points
            self.spends[name] = who, held.points

    @rule(share=st.integers(1, 4))
    def refund(self, share: int) -> None:
        if not self.spends:
            return
        name, (who, points) = self.spends.popitem()
        part = -(-points // share)
        if self.turns.root(who) == who and not self.asked(RefundSpend(name, part), who):
            self.spent -= part

    @rule(points=st.integers(1, 900))
    def offer(self, points: int) -> None:
        sender, receiver, name = self.root(), self.root(), self.name("T")
        if not self.asked(OfferTransfer(receiver, points), sender, name):
            self.offers.append((name, receiver))

    @rule(accept=st.booleans())
    def answer(self, accept: bool) -> None:
        for name, receiver in self.offers:
            who = self.turns.root(receiver)
            if name in self.world.state(who).offers:
                data = AcceptTransfer(name) if accept else DeclineTransfer(name)
                assert self.asked(data, who) == ""
                return

    @rule()
    def withdraw(self) -> None:
        for name, _ in self.offers:
            for who in MEMBERS:
                if name in self.world.state(who).holds:
                    assert self.asked(VoidHold(name), who) == ""
                    return

    @rule(most=st.integers(1, 5), twice=st.booleans())
    def hear(self, most: int, twice: bool) -> None:
        """Some of what accounts said to each other arrives, in any order."""
        for _ in range(min(most, len(self.world.box))):
            given = self.world.box.pop(self.dice.randrange(len(self.world.box)))
            for _ in range(1 + twice):
                self.world.fold(given)

    @rule(merge=st.booleans())
    def turn(self, merge: bool) -> None:
        before = len(self.turns.facts)
        self.merges += 1
        self.turns.merge(f"m{self.merges}", self.dice) if merge else self.turns.unmerge(self.dice)
        for each in self.turns.facts[before:]:
            self.world.fold(each)

    @invariant()
    def every_account_is_in_order(self) -> None:
        if not hasattr(self, "world"):
            return
        for who in self.world.heads:
            account = self.world.state(who)
            check(account)
            heard = [self.world.language.heard(out) for out in self.world.said.get(who, [])]
            assert reconcile(account, heard) == []

    def teardown(self) -> None:
        """When all is said: what was spent is spent, and what one has sent another one has got."""
        if not hasattr(self, "world"):
            return
        while self.world.box:
            self.hear(5, False)
        self.every_account_is_in_order()
        balances = [self.world.state(who).balances for who in self.world.heads]
        assert sum(own.redeemed for own in balances) == self.spent
        assert sum(own.transferred for own in balances) == 0


MembersMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestMembersMachine = MembersMachine.TestCase


def test_the_rules_of_transfers_are_of_accounts() -> None:
    assert {RULES[name].kind for name in RULES if ".transfer." in name} == {"account"}
