"""Rewards and redemptions on running services, by both doors: from the catalogue to the member, and every way back."""

import uuid
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


def define(hearth: Hearth, reward: str, **headers: str) -> Answer:
    body = {"name": "Kettle", "price": 30}
    path = f"/v1/rewards/{reward}"
    return hearth.http("loyalty", path, body=body, headers={**key(), **headers}, method="PUT")


def stock(hearth: Hearth, reward: str, by: Any, **headers: str) -> Answer:
    return hearth.http("loyalty", f"/v1/rewards/{reward}/stock", body={"by": by}, headers={**key(), **headers})


@pytest.fixture
def kettle(hearth: Hearth) -> str:
    """A reward for 30 points with one piece."""
    reward = f"kettle-{uuid.uuid4()}"
    assert define(hearth, reward).status == 200
    assert stock(hearth, reward, 1).body["stock"] == 1
    return reward


def redeem(hearth: Hearth, customer: str, reward: str, points: int = 30, **headers: str) -> Answer:
    return tell(hearth, customer, "redemptions", {"reward_id": reward, "points": points}, **headers)


def becomes(hearth: Hearth, customer: str, name: str, state: str) -> Any:
    return until(
        lambda: told(hearth, customer, f"redemptions/{name}"), lambda found: found["state"] == state, f"{name} {state}"
    )


def left(hearth: Hearth, reward: str) -> tuple[int, int]:
    found = hearth.http("loyalty", f"/v1/rewards/{reward}").body
    return found["stock"], found["given"]


def test_a_reward_is_defined_read_and_listed(hearth: Hearth, loyalty: Any, kettle: str) -> None:
    first = hearth.http("loyalty", f"/v1/rewards/{kettle}")
    assert first.body == {
        "reward_id": kettle,
        "name": "Kettle",
        "price": 30,
        "tier": "base",
        "offered": True,
        "stock": 1,
        "given": 0,
    }
    again = {"idempotency-key": "once"}
    assert stock(hearth, kettle, 2, **again).body == stock(hearth, kettle, 2, **again).body
    assert left(hearth, kettle) == (3, 0)
    stale = define(hearth, kettle, **{"if-match": first.headers["etag"]})
    assert (stale.status, stale.body["code"]) == (412, "precondition_failed")
    request = pb.DefineRewardRequest(reward_id=kettle, name="Kettle", price=40, tier="gold", offered=False)
    changed = loyalty.DefineReward(request, metadata=metadata())
    assert (changed.reward.price, changed.reward.tier, changed.reward.stock) == (40, "gold", 3)
    assert loyalty.GetReward(pb.GetRewardRequest(reward_id=kettle)) == pb.GetRewardResponse(
        reward=changed.reward, version=changed.version
    )

    def listed(offered: bool) -> set[str]:
        names, token = set(), ""
        while True:
            page = loyalty.ListRewards(pb.ListRewardsRequest(offered=offered, page_size=1, page_token=token))
            names |= {each.reward_id for each in page.rewards}
            if not (token := page.next_page_token):
                return names

    until(
        lambda: (kettle in listed(False), kettle in listed(True)), lambda found: found == (True, False), "in the list"
    )


@pytest.mark.parametrize("wrong", [{"price": 0}, {"price": 1.5}, {"name": " "}, {"name": "a@b"}, {"tier": "tin"}])
def test_a_reward_with_a_wrong_field_is_refused(hearth: Hearth, wrong: dict[str, Any]) -> None:
    body = {"name": "Kettle", "price": 30, **wrong}
    answer = hearth.http("loyalty", "/v1/rewards/x", body=body, headers=key(), method="PUT")
    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert hearth.http("loyalty", "/v1/rewards/x").body["code"] == "unknown_reward"


def test_stock_is_of_what_is_defined_and_never_below_zero(hearth: Hearth, loyalty: Any, kettle: str) -> None:
    assert stock(hearth, f"never-{uuid.uuid4()}", 1).body["code"] == "unknown_reward"
    assert stock(hearth, kettle, -2).body["code"] == "insufficient_stock"
    assert loyalty.ChangeStock(pb.ChangeStockRequest(reward_id=kettle, by=-1), metadata=metadata()).reward.stock == 0
    with pytest.raises(grpc.RpcError) as refused:
        loyalty.ChangeStock(pb.ChangeStockRequest(reward_id="not an id", by=1), metadata=metadata())
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]


def test_a_redemption_goes_its_way_and_says_why(hearth: Hearth, loyalty: Any, customer: str, kettle: str) -> None:
    again = {"idempotency-key": "once"}
    made = redeem(hearth, customer, kettle, **again)
    assert (made.status, made.body["state"], made.body["points"]) == (201, "HELD", 30)
    name = made.body["redemption_id"]
    assert becomes(hearth, customer, name, "CONFIRMED")["until"] is None
    assert redeem(hearth, customer, kettle, **again).body == made.body, "also when none is left any more"
    assert hearth.account(customer)["active"] == 40
    assert tell(hearth, customer, f"redemptions/{name}/fulfil").body["state"] == "FULFILLING"
    request = pb.DeliverRedemptionRequest(customer_id=customer, redemption_id=name)
    assert loyalty.DeliverRedemption(request, metadata=metadata()).redemption.state == "DELIVERED"
    refused = tell(hearth, customer, f"redemptions/{name}/cancel")
    assert (refused.status, refused.body["code"]) == (409, "wrong_redemption_state")
    assert tell(hearth, customer, f"spends/{name}/refund").body["code"] == "unknown_spend"
    assert tell(hearth, customer, f"redemptions/{name}/refund").body["state"] == "REFUNDED"
    assert (hearth.account(customer)["active"], left(hearth, kettle)) == (70, (0, 1))
    why = told(hearth, customer, f"redemptions/{name}/explain")
    states = ["HELD", "CONFIRMED", "FULFILLING", "DELIVERED", "REFUNDED"]
    assert [each["state"] for each in why["steps"]] == states
    assert [each["why"] for each in why["movements"]] == ["reward_requested", "reward_redeemed", "spend_refunded"]
    assert all(each["policy_version"] and each["cause"]["id"] for each in (*why["steps"], *why["movements"]))
    there = loyalty.ExplainRedemption(pb.ExplainRedemptionRequest(customer_id=customer, redemption_id=name))
    assert [each.state for each in there.steps] == states
    (only,) = loyalty.ListRedemptions(pb.ListRedemptionsRequest(customer_id=customer)).redemptions
    assert [each["redemption_id"] for each in told(hearth, customer, "redemptions")["items"]] == [only.redemption_id]
    assert told(hearth, customer, "redemptions/none")["code"] == "unknown_redemption"


def test_what_is_cancelled_comes_back_and_can_be_had_by_another(
    hearth: Hearth, loyalty: Any, customer: str, kettle: str
) -> None:
    friend = member(hearth)
    request = pb.RedeemRewardRequest(customer_id=customer, reward_id=kettle, points=30)
    name = loyalty.RedeemReward(request, metadata=metadata()).redemption.redemption_id
    becomes(hearth, customer, name, "CONFIRMED")
    assert redeem(hearth, friend, kettle).body["code"] == "reward_sold_out"
    answer = loyalty.CancelRedemption(
        pb.CancelRedemptionRequest(customer_id=customer, redemption_id=name), metadata=metadata()
    )
    assert answer.redemption.state == "CANCELLED"
    until(lambda: left(hearth, kettle), lambda found: found == (1, 0), "the piece is back")
    becomes(hearth, friend, redeem(hearth, friend, kettle).body["redemption_id"], "CONFIRMED")
    hearth.eventually(customer, active=70, held=0)


def test_what_is_against_it_is_said_at_once(hearth: Hearth, customer: str, kettle: str) -> None:
    assert redeem(hearth, customer, kettle, 29).body["code"] == "reward_changed"
    assert redeem(hearth, customer, "no-such-reward").body["code"] == "unknown_reward"
    body = {"name": "Kettle", "price": 30, "tier": "gold"}
    hearth.http("loyalty", f"/v1/rewards/{kettle}", body=body, headers=key(), method="PUT")
    assert redeem(hearth, customer, kettle).body["code"] == "tier_too_low"
    body = {"name": "Kettle", "price": 300, "offered": True}
    hearth.http("loyalty", f"/v1/rewards/{kettle}", body=body, headers=key(), method="PUT")
    assert redeem(hearth, customer, kettle, 300).body["code"] == "insufficient_points"
    body = {"name": "Kettle", "price": 30, "offered": False}
    hearth.http("loyalty", f"/v1/rewards/{kettle}", body=body, headers=key(), method="PUT")
    assert redeem(hearth, customer, kettle).body["code"] == "reward_withdrawn"
    assert redeem(hearth, customer, kettle, 0).status == 422
    assert (left(hearth, kettle), told(hearth, customer, "redemptions")["items"]) == ((1, 0), [])


def test_of_many_who_ask_at_once_as_many_get_one_as_there_are(hearth: Hearth, kettle: str) -> None:
    """Twelve members for three pieces; the books are right afterwards."""
    assert stock(hearth, kettle, 2).body["stock"] == 3
    members = [member(hearth) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda who: redeem(hearth, who, kettle), members))
    asked = [
        (who, each.body["redemption_id"]) for who, each in zip(members, answers, strict=True) if each.status == 201
    ]
    assert {each.body["code"] for each in answers if each.status != 201} <= {"reward_sold_out"}

    def states() -> list[str]:
        return [told(hearth, who, f"redemptions/{name}")["state"] for who, name in asked]

    ended = until(states, lambda found: "HELD" not in found, "all are decided")
    assert (ended.count("CONFIRMED"), left(hearth, kettle)) == (3, (0, 3))
    until(lambda: hearth.cli("loyalty", "reconcile"), lambda done: done.returncode == 0, "the books are right", 120)


def test_a_redemption_is_its_member_s_before_within_and_after_a_merge(hearth: Hearth, kettle: str) -> None:
    people = [Somebody(hearth) for _ in range(2)]
    for number, each in enumerate(people):
        for week in range(2):
            named = {"visit_id": f"V{week}", "project_id": f"P{number}"}
            each.tell(f"visit{week}", "crm.visit.completed.v1", BEGIN + timedelta(days=7 * week), **named)
    survivor, merged = sorted(each.id for each in people)
    hearth.eventually(survivor, active=100)
    hearth.eventually(merged, active=100)
    name = redeem(hearth, merged, kettle).body["redemption_id"]
    becomes(hearth, merged, name, "CONFIRMED")
    made = hearth.http("profile", f"/v1/customers/{survivor}/merge", body={"with": merged}, headers=key())
    assert (made.status, made.body["survivor"]) == (200, survivor)
    becomes(hearth, survivor, name, "CONFIRMED")
    hearth.eventually(merged, active=170)
    told_of = told(hearth, survivor, f"redemptions/{name}/explain")
    assert [each["state"] for each in told_of["steps"]] == ["HELD", "CONFIRMED"]
    assert tell(hearth, merged, f"redemptions/{name}/deliver").body["state"] == "DELIVERED"
    undo = {"merge_id": made.body["merge_id"]}
    assert hearth.http("profile", f"/v1/customers/{survivor}/unmerge", body=undo, headers=key()).status == 200
    until(
        lambda: told(hearth, survivor, f"redemptions/{name}").get("code"),
        lambda found: found == "unknown_redemption",
        "gone with its member",
    )
    becomes(hearth, merged, name, "DELIVERED")
    hearth.eventually(merged, active=70)
    hearth.eventually(survivor, active=100)
    assert left(hearth, kettle) == (0, 1)
    until(lambda: hearth.cli("loyalty", "reconcile"), lambda done: done.returncode == 0, "the books are right", 120)
