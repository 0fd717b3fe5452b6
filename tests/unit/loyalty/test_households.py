"""Who is in a household: with the consent of both, one at a time, and whatever the order of what is said."""

from datetime import timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from chassis.fold.model import Key
from contracts.facts.households import HouseholdAnswered, HouseholdInvited, HouseholdSettled
from services.loyalty.domain.household import NO_HOUSEHOLD
from services.loyalty.domain.household_commands import (
    AcceptHousehold,
    DeclineHousehold,
    FoundHousehold,
    HouseholdDue,
    InviteToHousehold,
    LeaveHousehold,
    RemoveFromHousehold,
)
from services.loyalty.domain.households import next_household_due
from services.loyalty.domain.joining import MOST_INVITATIONS, MOST_LEFT
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.store.household import HOUSEHOLD
from services.loyalty.timers.due import make_due
from services.loyalty.worker.table import RULES
from tests.unit.facts import day, fact
from tests.unit.loyalty.accounts import POLICY
from tests.unit.loyalty.home import CHILD, HE, HOME, SHE, Home, at_home


def test_who_founds_a_household_is_its_head_and_its_only_member() -> None:
    made = at_home()
    assert (made.household().head, made.household().members) == (SHE, (SHE,))
    assert made.state(SHE).household == HOME
    assert made.tell(FoundHousehold(), SHE, "other") == "already_in_household"


def test_who_is_invited_agrees_or_does_not() -> None:
    made = at_home()
    assert made.say(InviteToHousehold(SHE, HE), HOME) == made.say(InviteToHousehold(SHE, CHILD), HOME) == ""
    assert (made.state(HE).household, made.household().members) == ("", (SHE,)), "nobody is in it without agreeing"
    assert made.say(AcceptHousehold(HOME), HE) == made.say(DeclineHousehold(HOME), CHILD) == ""
    assert (made.household().members, made.household().invited) == ((SHE, HE), {})
    assert (made.state(HE).household, made.state(CHILD).household) == (HOME, "")
    for who in (HE, CHILD):
        assert made.tell(AcceptHousehold(HOME), who, "again") == "unknown_invitation"


def test_a_member_in_the_answer_s_way_is_in_no_other() -> None:
    """Between the acceptance and the household's answer."""
    made = at_home()
    assert made.say(InviteToHousehold(SHE, HE), HOME) == ""
    assert made.tell(AcceptHousehold(HOME), HE, "yes") == ""
    assert (made.state(HE).household, made.household().members) == (HOME, (SHE,))
    assert made.tell(FoundHousehold(), HE, "own") == "already_in_household"


def test_a_customer_is_in_one_household_at_most() -> None:
    made = at_home(HE)
    assert made.found(CHILD, "else") == ""
    assert made.say(InviteToHousehold(CHILD, HE), "else") == ""
    assert made.say(AcceptHousehold("else"), HE) == "already_in_household"
    assert made.say(LeaveHousehold(HE), HOME) == ""
    assert made.say(AcceptHousehold("else"), HE) == ""
    assert (made.state(HE).household, made.household().members) == ("else", (SHE,))


def test_two_heads_cannot_be_in_each_other_s_household() -> None:
    made = at_home()
    assert made.found(HE, "his") == ""
    assert made.say(InviteToHousehold(SHE, HE), HOME) == made.say(InviteToHousehold(HE, SHE), "his") == ""
    assert made.say(AcceptHousehold(HOME), HE) == made.say(AcceptHousehold("his"), SHE) == "household_cycle"
    assert (made.household().members, made.household("his").members) == ((SHE,), (HE,))


def test_what_the_head_cannot_ask() -> None:
    made = at_home(HE)
    assert made.tell(InviteToHousehold(SHE, SHE), HOME, "a") == "invitation_to_oneself"
    assert made.tell(InviteToHousehold(SHE, HE), HOME, "b") == "already_invited"
    assert made.tell(InviteToHousehold(HE, CHILD), HOME, "c") == "not_head_of_household"
    assert made.tell(RemoveFromHousehold(HE, SHE), HOME, "d") == "not_head_of_household"
    assert made.tell(RemoveFromHousehold(SHE, SHE), HOME, "e") == "head_cannot_leave"
    assert made.tell(RemoveFromHousehold(SHE, CHILD), HOME, "f") == "unknown_household_member"
    assert made.tell(InviteToHousehold(SHE, CHILD), "none", "g") == "unknown_household"
    assert made.household().members == (SHE, HE)


def test_a_household_has_so_many_members_and_invitations_count() -> None:
    made = at_home()
    for number in range(POLICY.most_members - 1):
        assert made.say(InviteToHousehold(SHE, f"m{number}"), HOME) == ""
    assert made.tell(InviteToHousehold(SHE, HE), HOME, "more") == "household_full"
    assert made.say(RemoveFromHousehold(SHE, "m0"), HOME) == made.say(InviteToHousehold(SHE, HE), HOME) == ""
    assert made.say(AcceptHousehold(HOME), "m0") == "unknown_invitation"


def test_an_invitation_ends_by_itself() -> None:
    made = at_home()
    assert made.say(InviteToHousehold(SHE, HE), HOME) == ""
    until = day(1) + timedelta(days=POLICY.invitation_days)
    due = HouseholdDue("invitation_timeout", until)
    assert next_household_due(made.household()) == due
    assert made.tell(AcceptHousehold(HOME), HE, "late", until) == "unknown_invitation"
    assert made.say(due, HOME, "due", until) == ""
    assert (made.household().invited, made.state(HE).memberships[f"{HOME} {HE}"].state) == ({}, "OUT")


def test_an_acceptance_that_comes_too_late_makes_no_member() -> None:
    """The head took the invitation back while the answer was on its way."""
    made = at_home()
    assert made.say(InviteToHousehold(SHE, HE), HOME) == ""
    assert made.tell(RemoveFromHousehold(SHE, HE), HOME, "back") == made.tell(AcceptHousehold(HOME), HE, "yes") == ""
    made.deliver()
    assert (made.household().members, made.state(HE).household) == ((SHE,), "")


def test_anybody_leaves_and_the_head_last() -> None:
    made = at_home(HE)
    assert made.say(InviteToHousehold(SHE, CHILD), HOME) == ""
    assert made.tell(LeaveHousehold(SHE), HOME, "first") == "head_cannot_leave"
    assert made.say(RemoveFromHousehold(SHE, HE), HOME) == ""
    assert made.state(HE).household == ""
    assert made.tell(LeaveHousehold(HE), HOME, "twice") == "not_in_household"
    assert made.say(LeaveHousehold(SHE), HOME) == ""
    assert (made.household().head, made.household().members, made.state(SHE).household) == ("", (), "")
    assert made.tell(AcceptHousehold(HOME), CHILD, "ended") == "unknown_invitation"
    assert made.found(SHE, "new") == ""


SAID = (
    HouseholdInvited(HOME, HE, SHE, day(8), 2),
    HouseholdSettled(HOME, HE, SHE, "MEMBER", 3, "invitation_accepted"),
    HouseholdSettled(HOME, HE, SHE, "OUT", 4, "member_left"),
    HouseholdInvited(HOME, HE, SHE, day(8), 5),
)


@pytest.mark.parametrize("order", sorted(permutations(range(4))))
def test_in_every_order_an_account_keeps_the_newest_that_was_said(order: tuple[int, ...]) -> None:
    account = EMPTY
    for place in order:
        said = SAID[place]
        heard = fact(said, day(1), f"h{place}", subject=HE, source="/hearth/loyalty")
        account, _ = RULES[said.TYPE].apply(account, heard, heard.recorded_at, POLICY)
    (only,) = account.memberships.values()
    assert (only.state, only.number, account.household) == ("INVITED", 5, "")


def test_an_account_stays_small() -> None:
    """Who is invited too often declines; of what is over, some is remembered."""
    account: Account = EMPTY
    answers = []
    for number in range(3 * MOST_LEFT):
        said = HouseholdInvited(f"h{number}", HE, SHE, day(8), 1)
        heard = fact(said, day(1), f"i{number}", subject=HE, source="/hearth/loyalty")
        account, effects = RULES[said.TYPE].apply(account, heard, heard.recorded_at, POLICY)
        answers += effects
    assert sum(each.state == "INVITED" for each in account.memberships.values()) == MOST_INVITATIONS
    assert len(answers) == 3 * MOST_LEFT - MOST_INVITATIONS
    assert {each.data for each in answers} == {HouseholdAnswered(HE, False)}
    for number in range(3 * MOST_LEFT):
        over = HouseholdSettled(f"h{number}", HE, SHE, "OUT", 2, "household_ended")
        heard = fact(over, day(1), f"o{number}", subject=HE, source="/hearth/loyalty")
        account, _ = RULES[over.TYPE].apply(account, heard, heard.recorded_at, POLICY)
    assert len(account.memberships) <= MOST_LEFT + 1


def test_a_household_that_is_not_there_decides_nothing() -> None:
    made = Home()
    assert made.tell(LeaveHousehold(HE), HOME, "l") == "not_in_household"
    made.fold(fact(HouseholdAnswered(HE, True), day(1), "a", subject=HOME, source="/hearth/loyalty"))
    made.deliver()
    assert made.household() == replace(NO_HOUSEHOLD, number=1)
    assert made.state(HE).household == ""


def test_what_is_due_of_a_household_is_asked_of_a_household() -> None:
    made = at_home()
    assert made.say(InviteToHousehold(SHE, HE), HOME) == ""
    waiting = HOUSEHOLD.due(made.household())
    assert waiting is not None
    asked = make_due(Key("household", HOME), waiting, waiting.at)
    assert (asked.type, RULES[asked.type].kind, asked.subject) == (HouseholdDue.TYPE, "household", HOME)
    assert made.ask(asked) == ""
    assert made.household().invited == {}
