"""Households and their pools on running services, by both doors: from the invitation to the withdrawal, and what is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest

from hearth.loyalty.v1 import loyalty_pb2 as pb
from tests.integration.members import member
from tests.integration.test_loyalty import key, metadata, tell, told
from tests.integration.test_merging import BEGIN, Somebody
from tests.running import Answer, Hearth, until

pytestmark = pytest.mark.integration


def asked(hearth: Hearth, customer: str, what: str, **body: Any) -> Answer:
    return tell(hearth, customer, f"household/{what}" if what else "household", body)


def home_of(hearth: Hearth, household: str) -> Any:
    return hearth.http("loyalty", f"/v1/households/{household}").body


def pooled(hearth: Hearth, household: str, points: int) -> Any:
    return until(
        lambda: home_of(hearth, household), lambda home: home.get("points") == points, f"{points} are in the pool"
    )


def found(hearth: Hearth, head: str) -> str:
    made = asked(hearth, head, "")
    assert (made.status, made.body["state"]) == (201, "HEAD")
    name = made.body["household_id"]
    until(lambda: home_of(hearth, name), lambda home: home.get("members") == [head], "it is there")
    return name


def join(hearth: Hearth, household: str, head: str, who: str) -> None:
    assert asked(hearth, head, "invite", member=who).body["invited"][0]["member"] == who
    answer = until(
        lambda: asked(hearth, who, "accept", household_id=household), lambda done: done.status == 200, "agreed"
    )
    assert answer.body == {"household_id": household, "state": "JOINING"}
    until(lambda: home_of(hearth, household)["members"], lambda members: who in members, "is a member")
    until(lambda: told(hearth, who, "household")["memberships"], lambda all_: all_[0]["state"] == "MEMBER", "knows it")


@pytest.fixture
def head(hearth: Hearth) -> str:
    return member(hearth)


@pytest.fixture
def household(hearth: Hearth, head: str, customer: str) -> str:
    """A household of a head and a customer, with 70 points each."""
    name = found(hearth, head)
    join(hearth, name, head, customer)
    return name


def books_are_right(hearth: Hearth) -> None:
    until(lambda: hearth.cli("loyalty", "reconcile"), lambda done: done.returncode == 0, "the books are right", 120)


def test_points_go_into_the_pool_and_out_again(
    hearth: Hearth, loyalty: Any, head: str, customer: str, household: str
) -> None:
    given = asked(hearth, head, "contribute", points=30)
    assert (given.status, given.body["points"]) == (201, 30)
    home = pooled(hearth, household, 30)
    assert (home["head"], home["members"], home["invited"]) == (head, [head, customer], [])
    assert sum(lot["points"] for lot in home["lots"]) == 30 and all(lot["expires_at"] for lot in home["lots"])
    request = pb.WithdrawPointsRequest(customer_id=customer, points=20)
    headers = metadata()
    taken = loyalty.WithdrawPoints(request, metadata=headers)
    assert loyalty.WithdrawPoints(request, metadata=headers) == taken, "a repetition gets the same answer"
    hearth.eventually(customer, active=90)
    hearth.eventually(head, active=40)
    there = loyalty.GetHousehold(pb.GetHouseholdRequest(household_id=household)).household
    assert (there.points, list(there.members)) == (10, [head, customer])
    why = hearth.http("loyalty", f"/v1/households/{household}/explain").body
    assert (why["total"], [each["points"] for each in why["reasons"]]) == (10, [30, -20])
    assert [each["why"] for each in why["reasons"]] == ["pool_contributed", "pool_withdrawn"]
    assert all(each["policy_version"] and each["cause"]["id"] and each["rule"] for each in why["reasons"])
    assert loyalty.ExplainPool(pb.ExplainPoolRequest(household_id=household)).total == 10
    reasons = told(hearth, customer, "explain")["reasons"]
    assert [each["why"] for each in reasons][-1] == "pool_withdrawn"
    owed = hearth.cli("loyalty", "liability", "--json")
    assert '"pooled"' in owed.stdout
    books_are_right(hearth)


def test_who_leaves_takes_nothing_and_the_head_leaves_last(
    hearth: Hearth, loyalty: Any, head: str, customer: str, household: str
) -> None:
    request = pb.ContributePointsRequest(customer_id=customer, points=30)
    assert loyalty.ContributePoints(request, metadata=metadata()).household_id == household
    pooled(hearth, household, 30)
    assert asked(hearth, head, "leave").body["code"] == "head_cannot_leave"
    once = {"idempotency-key": "once"}
    left = tell(hearth, customer, "household/leave", **once)
    assert (left.status, left.body["members"]) == (200, [head])
    until(lambda: told(hearth, customer, "household")["household_id"], lambda name: name is None, "is in none")
    assert tell(hearth, customer, "household/leave", **once).body == left.body
    for what in ("contribute", "withdraw"):
        refused = asked(hearth, customer, what, points=1)
        assert (refused.status, refused.body["code"]) == (409, "not_in_household")
    assert hearth.account(customer)["active"] == 40
    assert asked(hearth, head, "leave").body["code"] == "pool_not_empty"
    assert asked(hearth, head, "withdraw", points=31).body["code"] == "insufficient_pool"
    assert asked(hearth, head, "withdraw", points=30).status == 201
    assert loyalty.LeaveHousehold(pb.LeaveHouseholdRequest(customer_id=head), metadata=metadata()).household.head == ""
    assert home_of(hearth, household)["code"] == "unknown_household"
    hearth.eventually(head, active=100)
    until(lambda: told(hearth, head, "household")["memberships"], lambda all_: all_ == [], "is in none")
    books_are_right(hearth)


def test_nobody_is_in_two_households_and_no_two_in_each_other(
    hearth: Hearth, loyalty: Any, head: str, customer: str, household: str
) -> None:
    third = member(hearth)
    other = found(hearth, third)
    again = asked(hearth, customer, "")
    assert (again.status, again.body["code"]) == (409, "already_in_household")
    assert asked(hearth, third, "invite", member=customer).status == 200
    assert asked(hearth, third, "invite", member=head).status == 200
    assert asked(hearth, head, "invite", member=third).status == 200
    for who, home, code in (
        (customer, other, "already_in_household"),
        (head, other, "household_cycle"),
        (third, household, "household_cycle"),
    ):
        until(
            lambda who=who, home=home: asked(hearth, who, "accept", household_id=home).body["code"],
            lambda found, code=code: found == code,
            code,
        )
    request = pb.AcceptHouseholdRequest(customer_id=head, household_id=other)
    with pytest.raises(grpc.RpcError) as refused:
        loyalty.AcceptHousehold(request, metadata=metadata())
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION  # type: ignore[attr-defined]
    assert (home_of(hearth, household)["members"], home_of(hearth, other)["members"]) == ([head, customer], [third])


def test_what_is_refused_says_why_and_changes_nothing(
    hearth: Hearth, loyalty: Any, head: str, customer: str, household: str
) -> None:
    stranger = member(hearth)
    before = home_of(hearth, household)
    for who, what, body, status, code in (
        (head, "invite", {"member": head}, 422, "invitation_to_oneself"),
        (head, "invite", {"member": customer}, 409, "already_invited"),
        (head, "invite", {"member": "nobody-here"}, 404, "unknown_account"),
        (head, "invite", {"member": "not an id"}, 422, "invalid_request"),
        (customer, "invite", {"member": stranger}, 409, "not_head_of_household"),
        (customer, "remove", {"member": head}, 409, "not_head_of_household"),
        (head, "remove", {"member": stranger}, 404, "unknown_household_member"),
        (head, "remove", {"member": head}, 409, "head_cannot_leave"),
        (stranger, "leave", {}, 409, "not_in_household"),
        (stranger, "accept", {"household_id": household}, 404, "unknown_invitation"),
        (stranger, "decline", {"household_id": household}, 404, "unknown_invitation"),
        (customer, "contribute", {"points": 71}, 409, "insufficient_points"),
        (customer, "contribute", {"points": 0}, 422, "invalid_request"),
        (customer, "contribute", {"points": 1, "household_id": "other"}, 409, "not_in_household"),
        (customer, "withdraw", {"points": 1}, 409, "insufficient_pool"),
        (customer, "withdraw", {"points": 10**13}, 422, "invalid_request"),
    ):
        answer = asked(hearth, who, what, **body)
        assert (answer.status, answer.body["code"]) == (status, code), (what, body)
    with pytest.raises(grpc.RpcError) as refused:
        loyalty.ContributePoints(pb.ContributePointsRequest(customer_id=customer, points=-1), metadata=metadata())
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]
    assert home_of(hearth, "none")["code"] == "unknown_household"
    assert home_of(hearth, household) == before
    assert hearth.account(customer)["active"] == 70


def test_an_invitation_is_declined_or_taken_back(hearth: Hearth, loyalty: Any, head: str, customer: str) -> None:
    household = found(hearth, head)
    request = pb.InviteToHouseholdRequest(customer_id=head, member=customer)
    assert loyalty.InviteToHousehold(request, metadata=metadata()).household.invited[0].member == customer
    asking = pb.DeclineHouseholdRequest(customer_id=customer, household_id=household)
    waiting = pb.ListMembershipsRequest(customer_id=customer)
    until(lambda: loyalty.ListMemberships(waiting).memberships, lambda all_: len(all_) == 1, "is asked")
    assert loyalty.DeclineHousehold(asking, metadata=metadata()).state == "OUT"
    until(lambda: home_of(hearth, household)["invited"], lambda invited: invited == [], "declined")
    assert loyalty.InviteToHousehold(request, metadata=metadata()).household.invited[0].member == customer
    back = pb.RemoveFromHouseholdRequest(customer_id=head, member=customer)
    assert not loyalty.RemoveFromHousehold(back, metadata=metadata()).household.invited
    until(lambda: loyalty.ListMemberships(waiting).memberships, lambda all_: len(all_) == 0, "not asked any more")
    assert loyalty.FoundHousehold(pb.FoundHouseholdRequest(customer_id=customer), metadata=metadata()).state == "HEAD"


def test_of_many_who_take_at_once_nobody_takes_what_is_not_there(
    hearth: Hearth, head: str, customer: str, household: str
) -> None:
    """Eight withdrawals of 20 out of 60 points."""
    assert asked(hearth, head, "contribute", points=60).status == 201
    pooled(hearth, household, 60)
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: asked(hearth, customer, "withdraw", points=20), range(8)))
    assert sorted(each.status for each in answers) == [201] * 3 + [409] * 5
    assert {each.body["code"] for each in answers if each.status == 409} == {"insufficient_pool"}
    hearth.eventually(customer, active=130)
    books_are_right(hearth)


def two_people(hearth: Hearth) -> tuple[str, str]:
    """Two customers with 100 points each: who will be left when they turn out to be one, and who will be merged."""
    people = [Somebody(hearth) for _ in range(2)]
    for number, each in enumerate(people):
        for week in range(2):
            named = {"visit_id": f"V{week}", "project_id": f"P{number}"}
            each.tell(f"visit{week}", "crm.visit.completed.v1", BEGIN + timedelta(days=7 * week), **named)
    survivor, merged = sorted(each.id for each in people)
    hearth.eventually(survivor, active=100)
    hearth.eventually(merged, active=100)
    return survivor, merged


def test_a_membership_is_its_customer_s_before_within_and_after_a_merge(hearth: Hearth, head: str) -> None:
    survivor, merged = two_people(hearth)
    household = found(hearth, head)
    join(hearth, household, head, merged)
    made = hearth.http("profile", f"/v1/customers/{survivor}/merge", body={"with": merged}, headers=key())
    assert (made.status, made.body["survivor"]) == (200, survivor)
    until(
        lambda: told(hearth, survivor, "household")["household_id"],
        lambda name: name == household,
        "the membership came along",
    )
    hearth.eventually(survivor, active=200)
    assert asked(hearth, survivor, "contribute", points=150).status == 201
    pooled(hearth, household, 150)
    assert asked(hearth, merged, "withdraw", points=10).status == 201
    hearth.eventually(survivor, active=60)
    undo = {"merge_id": made.body["merge_id"]}
    assert hearth.http("profile", f"/v1/customers/{survivor}/unmerge", body=undo, headers=key()).status == 200
    hearth.eventually(merged, active=110)
    hearth.eventually(survivor, active=100, debt=150)
    assert told(hearth, survivor, "household") == {"household_id": None, "memberships": []}
    assert told(hearth, merged, "household")["household_id"] == household
    assert home_of(hearth, household)["points"] == 140
    books_are_right(hearth)


def test_of_two_who_are_one_each_invitation_has_its_own_answer(hearth: Hearth, loyalty: Any, head: str) -> None:
    """Both are invited before they are one. A repetition is the same answer, though the other invitation waits; and when
    they part, who was not answered for is still asked.
    """
    survivor, merged = two_people(hearth)
    household = found(hearth, head)
    for who in (survivor, merged):
        assert asked(hearth, head, "invite", member=who).status == 200
        until(lambda who=who: told(hearth, who, "household")["memberships"], bool, "is invited")
    made = hearth.http("profile", f"/v1/customers/{survivor}/merge", body={"with": merged}, headers=key())
    states = states_of(hearth, survivor)
    until(lambda: states() == {survivor: "INVITED", merged: "INVITED"}, bool, "both invitations came along")
    same = key()
    path = f"/v1/accounts/{survivor}/household/accept"
    answers = [hearth.http("loyalty", path, body={"household_id": household}, headers=same) for _ in range(2)]
    assert [(each.status, each.body["state"]) for each in answers] == [(200, "JOINING")] * 2
    until(lambda: states() == {survivor: "INVITED", merged: "MEMBER"}, bool, "the newest was answered, once")
    undo = {"merge_id": made.body["merge_id"]}
    assert hearth.http("profile", f"/v1/customers/{survivor}/unmerge", body=undo, headers=key()).status == 200
    until(lambda: states() == {survivor: "INVITED"}, bool, "parted")
    assert states_of(hearth, merged)() == {merged: "MEMBER"}
    request = pb.DeclineHouseholdRequest(customer_id=survivor, household_id=household)
    assert loyalty.DeclineHousehold(request, metadata=metadata()).state == "OUT"
    assert home_of(hearth, household)["members"] == [head, merged]


def states_of(hearth: Hearth, customer: str) -> Callable[[], dict[str, str]]:
    """What an account knows itself to be to households, by the id by which they know it."""
    return lambda: {each["member"]: each["state"] for each in told(hearth, customer, "household")["memberships"]}
