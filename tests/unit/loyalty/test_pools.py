"""Points in a household's pool: who gives, who takes, with which ends, and who turns out to be whom."""

import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.fold.model import Key
from contracts.facts.households import PointsPooled, PoolContributed, PoolMoved
from services.loyalty.domain.commands import CaptureHold, HoldPoints
from services.loyalty.domain.household import Household
from services.loyalty.domain.household_commands import (
    AcceptHousehold,
    ContributePoints,
    DeclineHousehold,
    FoundHousehold,
    HouseholdDue,
    InviteToHousehold,
    LeaveHousehold,
    RemoveFromHousehold,
    WithdrawPoints,
)
from services.loyalty.domain.households import next_household_due
from services.loyalty.domain.statement import reconcile
from tests.unit.facts import cancelled, day, visit
from tests.unit.loyalty.accounts import check
from tests.unit.loyalty.home import CHILD, HE, HOME, SHE, Home, at_home, rich, split
from tests.unit.loyalty.shop import ledger
from tests.unit.merging import Turns
from tests.unit.test_merging import with_subject

END = day(0).replace(year=2028, month=3, day=31, hour=16, minute=0)
"""The end of March 2028 in Shanghai, in UTC: two years after the beginning of the tests."""


def examined(made: Home, name: str = HOME) -> list[str]:
    """What is wrong in the books of a pool."""
    return check_pool(made.household(name), [made.language.heard(out) for out in made.said.get(name, [])])


def check_pool(household: Household, published: list[Any]) -> list[str]:
    """Lots carry the balance, every posting sums to zero, and the ledger makes the balances."""
    own = msgspec.structs.asdict(household.balances)
    wrong = [] if sum(own.values()) == 0 else ["the balances do not sum to zero"]
    if sum(lot.points for lot in household.lots.values()) != own["active"] or own["active"] < 0:
        wrong.append("the lots do not carry the balance")
    if any(lot.points <= 0 for lot in household.lots.values()):
        wrong.append("an empty lot")
    sums = dict.fromkeys(own, 0)
    for entry in (entry for each in published for entry in each.data.entries):
        sums[entry.account] += entry.points
    return wrong if sums == own else [*wrong, "the ledger says something else"]


def books(made: Home, *names: str) -> list[str]:
    """The books of accounts and the pool, together."""
    wrong = [each for who in names for each in reconcile(made.state(who), ledger(made, who))]
    moved = sum(made.state(who).balances.transferred for who in names) + made.household().balances.transferred
    return [*wrong, *examined(made), *(["points are lost"] if moved else [])]


def test_points_go_into_the_pool_and_out_with_the_end_they_had() -> None:
    made = at_home(HE)
    assert made.give(SHE, 300) == ""
    assert (split(made, SHE), made.points()) == ((700, 0, 300), 300)
    assert {lot.expires_at for lot in made.household().lots.values()} == {END}
    assert made.take(HE, 120) == ""
    assert (split(made, HE), made.points()) == ((1120, 0, -120), 180)
    assert {lot.expires_at for lot in made.state(HE).lots.values()} == {END}
    assert made.state(HE).qualifying_points == 1000, "points out of a pool do not count for the tier"
    assert books(made, SHE, HE) == []
    said = [each.data for each in (*ledger(made, SHE), *ledger(made, HE), *ledger(made, HOME))]
    assert [(each.direction, each.points) for each in said if isinstance(each, PointsPooled)] == [
        ("in", 300),
        ("out", 120),
    ]
    assert [(each.why, each.member, each.points, each.rule) for each in said if isinstance(each, PoolMoved)] == [
        ("pool_contributed", SHE, 300, "take_contribution"),
        ("pool_withdrawn", HE, 120, "withdraw_points"),
    ]
    assert all(each.policy_version and each.cause.id for each in said if isinstance(each, PointsPooled | PoolMoved))


def test_of_the_pool_what_ends_first_goes_first() -> None:
    made = at_home(HE)
    for each in rich(CHILD, 100, day(40)):
        made.fold(each)
    assert made.join(CHILD, now=day(40)) == ""
    assert made.give(CHILD, 100, "C1", day(41)) == made.give(SHE, 100, "C2", day(41)) == ""
    assert made.take(HE, 150, now=day(42)) == ""
    assert {name: lot.points for name, lot in made.household().lots.items()} == {"pool.2028-04": 50}
    assert {name: lot.active for name, lot in made.state(HE).lots.items() if name.startswith("pool")} == {
        "pool.2028-03": 100,
        "pool.2028-04": 50,
    }


def test_nobody_takes_what_is_not_there() -> None:
    made = at_home(HE)
    assert made.give(SHE, 300) == ""
    assert made.take(HE, 301) == "insufficient_pool"
    assert made.take(CHILD, 1) == "not_in_household"
    assert made.give(SHE, 701, "C2") == "insufficient_points"
    assert (made.points(), split(made, SHE), split(made, HE)) == (300, (700, 0, 300), (1000, 0, 0))


def test_who_owes_points_gives_none_and_repays_with_what_comes() -> None:
    made = at_home(HE)
    assert made.give(SHE, 500) == ""
    assert made.say(HoldPoints(1000), HE, "H") == made.say(CaptureHold("H"), HE) == ""
    made.fold(with_subject(cancelled(day(2), f"D-{HE}", "300000.00"), HE))
    assert made.give(HE, 1, "C2") == "debt_outstanding"
    assert made.take(HE, 400, now=day(3)) == ""
    assert split(made, HE) == (100, 0, -400)
    assert books(made, SHE, HE) == []


def test_what_comes_from_who_is_no_member_any_more_goes_back() -> None:
    """She is told that it was sent; he had been removed while it was on its way."""
    made = at_home(HE)
    assert made.tell(ContributePoints(HOME, HE, 300), HE, "C1") == ""
    assert split(made, HE) == (700, 0, 300)
    assert made.tell(RemoveFromHousehold(SHE, HE), HOME, "out") == ""
    made.box.sort(key=lambda each: each.type, reverse=True)
    made.deliver()
    assert (split(made, HE), made.points()) == ((1000, 0, 0), 0)
    assert {lot.expires_at for lot in made.state(HE).lots.values() if lot.active} == {END}
    assert books(made, SHE, HE) == []


def test_who_leaves_takes_nothing_and_the_household_ends_with_an_empty_pool() -> None:
    made = at_home(HE)
    assert made.give(HE, 300) == made.say(LeaveHousehold(HE), HOME) == ""
    assert (made.points(), split(made, HE)) == (300, (700, 0, 300))
    assert made.tell(LeaveHousehold(SHE), HOME, "l") == "pool_not_empty"
    assert made.take(SHE, 300) == made.say(LeaveHousehold(SHE), HOME) == ""
    assert made.household().members == ()
    assert books(made, SHE, HE) == []


def test_points_in_a_pool_end_in_time() -> None:
    made = at_home(HE)
    assert made.give(SHE, 300) == ""
    due = HouseholdDue("pool_expiry", END)
    assert next_household_due(made.household()) == due
    assert made.take(HE, 1, now=END) == "insufficient_pool", "also while the timer is late"
    assert made.say(due, HOME, "due", END) == ""
    assert (made.points(), made.household().balances.breakage, next_household_due(made.household())) == (0, 300, None)
    assert books(made, SHE, HE) == []


def test_points_that_come_after_their_end_are_gone() -> None:
    """The timer of that end has fired: nothing would end them later."""
    made = at_home(HE)
    assert made.give(SHE, 300) == ""
    assert made.tell(ContributePoints(HOME, HE, 200), HE, "C2", END - timedelta(seconds=1)) == ""
    assert made.tell(HouseholdDue("pool_expiry", END), HOME, "due", END) == ""
    made.deliver()
    assert (made.points(), made.household().balances.breakage) == (0, 500)
    assert books(made, SHE, HE) == []


def test_points_given_away_are_owed_when_their_reason_falls_away() -> None:
    made = at_home(HE)
    assert made.give(SHE, 1000) == made.take(HE, 1000) == ""
    made.fold(with_subject(cancelled(day(3), f"D-{SHE}", "1000000.00"), SHE))
    assert (split(made, SHE), split(made, HE)) == ((0, 1000, 1000), (2000, 0, -1000))
    assert books(made, SHE, HE) == []


def test_what_a_pool_took_is_owed_when_the_account_is_made_again_without_it() -> None:
    """By rules that grant less, say: here the deal is left out."""
    made = at_home(HE)
    assert made.give(SHE, 300) == ""
    facts = [made.language.fact(each, SHE) for each in made.chains[SHE] if not each.type.startswith("crm.deal.")]
    again = made.folder.again(Key("account", SHE), facts, {})
    own = again.balances
    assert (own.active, own.debt, own.transferred, again.household) == (0, -300, 300, HOME)
    check(again)


def test_what_a_pool_did_not_take_is_not_given_twice_when_the_account_is_made_again() -> None:
    made = at_home(HE)
    assert made.say(LeaveHousehold(HE), HOME) == made.give(HE, 300) == ""
    assert (split(made, HE), made.points()) == ((1000, 0, 0), 0)
    facts = [made.language.fact(each, HE) for each in made.chains[HE] if not each.type.startswith("crm.deal.")]
    own = made.folder.again(Key("account", HE), facts, {}).balances
    assert (own.active, own.debt, own.transferred) == (0, 0, 0)


# ---- who turns out to be whom ----------------------------------------------------------------------------------------


def turned(made: Home, turns: Turns, merge: bool) -> None:
    before = len(turns.facts)
    turns.merge(f"m{before}", random.Random(1)) if merge else turns.unmerge(random.Random(1))
    for each in turns.facts[before:]:
        made.fold(each)
    made.deliver()


def test_a_membership_stays_with_who_agreed() -> None:
    """b is a member and turns out to be a; what a gives and takes is a's and b's; then they part."""
    made, turns = at_home("b"), Turns("ab")
    made.fold(with_subject(visit(day(0)), "a"))
    turned(made, turns, merge=True)
    assert (made.state("a").household, made.state("b").household) == (HOME, "")
    assert made.say(ContributePoints(HOME, "b", 900), "a", "C1", day(4)) == ""
    assert (split(made, "a"), made.points()) == ((150, 0, 900), 900)
    assert made.take("b", 100, now=day(4)) == ""
    assert split(made, "a") == (250, 0, 800)
    turned(made, turns, merge=False)
    assert (made.state("a").household, made.state("b").household) == ("", HOME)
    assert split(made, "a") == (50, 900, 900), "a sent points that were never there: they are owed"
    assert (split(made, "b"), made.points()) == ((1100, 0, -100), 800)
    assert books(made, SHE, "a", "b") == []


def test_who_agreed_for_another_while_they_were_one_did_so_for_that_one() -> None:
    made, turns = at_home(), Turns("ab")
    turned(made, turns, merge=True)
    assert made.say(InviteToHousehold(SHE, "b"), HOME) == made.say(AcceptHousehold(HOME), "a") == ""
    assert (made.household().members, made.state("a").household) == ((SHE, "b"), HOME)
    turned(made, turns, merge=False)
    assert (made.state("a").household, made.state("b").household) == ("", HOME)


@pytest.mark.parametrize("member", ["a", "b"])
def test_an_answer_stays_with_the_invitation_it_was_given_to(member: str) -> None:
    """a and b are one, and both are invited; one of them agrees, then they part: who did not is still asked."""
    made, turns = at_home(), Turns("ab")
    turned(made, turns, merge=True)
    for each in "ab":
        assert made.say(InviteToHousehold(SHE, each), HOME) == ""
    assert made.say(AcceptHousehold(HOME, member), "a") == ""
    turned(made, turns, merge=False)
    states = {who: [each.state for each in made.state(who).memberships.values()] for who in "ab"}
    assert states == {who: ["MEMBER" if who == member else "INVITED"] for who in "ab"}
    assert made.household().members == (SHE, member)


def test_members_of_two_households_who_are_one_are_in_both() -> None:
    made, turns = at_home("a"), Turns("ab")
    assert made.found("b", "other") == ""
    turned(made, turns, merge=True)
    assert {each.household: each.state for each in made.state("a").memberships.values()} == {
        HOME: "MEMBER",
        "other": "HEAD",
    }
    assert made.say(LeaveHousehold("a"), HOME) == ""
    assert made.state("a").household == "other"
    turned(made, turns, merge=False)
    assert (made.state("a").household, made.state("b").household) == ("", "other")


MEMBERS = "abcd"
PRICE = {"a": 900, "b": 800, "c": 700, "d": 600}
HOMES: tuple[str, ...] = ("x", "y")


class HomesMachine(RuleBasedStateMachine):
    """Two households, four customers: they join, leave, give and take points; time passes; some turn out to be one person, and
    apart again; what is said comes in any order, late, and more than once.

    The model is arithmetic: what was earned is with members, in pools, spent, or has ended.
    """

    @initialize(seed=st.integers(0, 10**6))
    def begin(self, seed: int) -> None:
        self.made, self.turns, self.dice = Home(), Turns(MEMBERS), random.Random(seed)
        self.steps, self.merges = 0, 0
        self.givers: dict[str, str] = {}
        self.given, self.taken = dict.fromkeys(HOMES, 0), dict.fromkeys(HOMES, 0)
        for who in MEMBERS:
            for each in rich(who, PRICE[who]):
                self.made.fold(each)
        for head, member, name in zip("ac", "bd", HOMES, strict=True):
            assert self.tell(FoundHousehold(), head, name) == ""
            self.made.deliver()
            assert self.made.join(member, head, name) == ""
        self.made.deliver()

    @property
    def now(self) -> Any:
        return day(1) + timedelta(minutes=self.steps)

    def name(self) -> str:
        self.steps += 1
        return f"c{self.steps:03}"

    def tell(self, data: Any, subject: str, name: str = "") -> str:
        """A command, after which some of what was said is heard, perhaps."""
        refused = self.made.tell(data, subject, name or self.name(), self.now)
        if self.dice.random() < 0.5:
            self.hear(self.dice.randrange(4), twice=False)
        return refused

    def member(self) -> str:
        return self.dice.choice(MEMBERS)

    @rule(home=st.sampled_from(HOMES))
    def invite(self, home: str) -> None:
        household = self.made.household(home)
        others = [who for who in MEMBERS if who not in household.members] or MEMBERS
        self.tell(InviteToHousehold(household.head or "a", self.dice.choice(others)), home)

    @rule(accept=st.sampled_from((True, True, False)))
    def answer(self, accept: bool) -> None:
        for who in self.dice.sample(MEMBERS, len(MEMBERS)):
            for each in self.made.state(who).memberships.values():
                if each.state == "INVITED":
                    answer = AcceptHousehold if accept else DeclineHousehold
                    self.tell(answer(each.household, each.member), who)
                    return

    @rule(home=st.sampled_from(HOMES), remove=st.booleans())
    def part(self, home: str, remove: bool) -> None:
        household = self.made.household(home)
        who = self.dice.choice(household.members[1:] or household.members or MEMBERS)
        if self.dice.random() < 0.5:
            self.tell(RemoveFromHousehold(household.head or "a", who) if remove else LeaveHousehold(who), home)

    @rule(points=st.integers(1, 200), much=st.booleans(), home=st.sampled_from(HOMES))
    def give(self, points: int, much: bool, home: str) -> None:
        """As a door does it: by a membership that the account knows, and sometimes without any."""
        who, name = self.turns.root(self.member()), self.name()
        known = [(each.household, each.member) for each in self.made.state(who).memberships.values() if each.within]
        home, member = self.dice.choice(known) if known and self.dice.random() < 0.9 else (home, who)
        self.givers[name] = member
        if not self.tell(ContributePoints(home, member, points * (1 + 3 * much)), who, name):
            self.given[home] += points * (1 + 3 * much)

    @rule(points=st.integers(1, 100), home=st.sampled_from(HOMES))
    def take(self, points: int, home: str) -> None:
        before, members = self.made.points(home), self.made.household(home).members
        who = self.dice.choice(members or MEMBERS) if self.dice.random() < 0.9 else self.member()
        if not self.made.tell(WithdrawPoints(who, points), home, self.name(), self.now):
            assert self.made.points(home) == before - points >= 0 and who in members
            self.taken[home] += points

    @rule(points=st.integers(1, 300))
    def spend(self, points: int) -> None:
        who, name = self.turns.root(self.member()), self.name()
        if not self.made.tell(HoldPoints(points), who, name, self.now):
            assert self.tell(CaptureHold(name), who) == ""

    @rule(most=st.integers(1, 6), twice=st.booleans())
    def hear(self, most: int, twice: bool) -> None:
        for _ in range(min(most, len(self.made.box))):
            given = self.made.box.pop(self.dice.randrange(len(self.made.box)))
            if isinstance(given.data, PoolContributed):
                self.is_taken_of_members_only(given)
            for _ in range(1 + twice):
                self.made.fold(given)

    def is_taken_of_members_only(self, given: Any) -> None:
        """What the household makes of points on their way, by the members that it has."""
        home, name = given.subject, given.data.contribution_id
        before, back = self.made.household(home), self.made.returned.get(home, 0)
        self.made.fold(given)
        points, after = sum(part.points for part in given.data.lots), self.made.household(home)
        taken = self.givers.pop(name) in before.members
        assert self.made.returned.get(home, 0) == back + (0 if taken else points)
        assert before.balances.transferred - after.balances.transferred == (points if taken else 0)
        assert not any(lot.ended(after.expired_to or self.now) for lot in after.lots.values())

    @rule(home=st.sampled_from(HOMES))
    def time_out(self, home: str) -> None:
        """Something ends, whatever is still on its way."""
        due = next_household_due(self.made.household(home))
        if due and (due.kind == "invitation_timeout" or self.dice.random() < 0.1):
            before = self.made.heads[home].seq
            assert self.made.tell(due, home, f"due-{home}-{due.kind}-{due.due_at}", due.due_at) == ""
            assert self.made.heads[home].seq > before, "a timer fires once: this one would hang"

    @rule(merge=st.booleans())
    def turn(self, merge: bool) -> None:
        before = len(self.turns.facts)
        self.merges += 1
        self.turns.merge(f"m{self.merges}", self.dice) if merge else self.turns.unmerge(self.dice)
        for each in self.turns.facts[before:]:
            self.made.fold(each)

    @invariant()
    def the_books_are_in_order(self) -> None:
        if not hasattr(self, "made"):
            return
        for home in HOMES:
            household = self.made.household(home)
            assert examined(self.made, home) == []
            assert not household.head or household.members[0] == household.head
            assert len(set(household.members)) == len(household.members)
            assert not set(household.members) & set(household.invited)
        for who in MEMBERS:
            check(self.made.state(who))
            assert reconcile(self.made.state(who), ledger(self.made, who)) == []

    def teardown(self) -> None:
        """When all is said: nothing is lost or made, and accounts and households agree on who is where."""
        if not hasattr(self, "made"):
            return
        while self.made.box:
            self.hear(5, False)
        self.the_books_are_in_order()
        households = [self.made.household(home) for home in HOMES]
        accounts = [self.made.state(who) for who in MEMBERS]
        assert sum(each.balances.transferred for each in (*accounts, *households)) == 0
        for home, household in zip(HOMES, households, strict=True):
            came = self.given[home] - self.made.returned.get(home, 0)
            assert household.balances.active + household.balances.breakage == came - self.taken[home]
            believe = {each.member for own in accounts for each in own.memberships.values() if _in(each, home)}
            assert believe == set(household.members)
        own = [each.balances for each in (*accounts, *households)]
        ends = sum(each.active + each.held + each.debt + each.redeemed + each.breakage for each in own)
        assert ends == sum(PRICE.values())


def _in(each: Any, home: str) -> bool:
    return each.household == home and each.within


HomesMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None, phases=[Phase.generate]
)
TestHomesMachine = HomesMachine.TestCase
