"""Limits of a day on a running service with authentication, by both doors: agents, devices, many clients at once."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from bson.raw_bson import RawBSONDocument

from deploy.local import stack
from deploy.local.issuer import Issuer
from hearth.loyalty.v1 import loyalty_pb2 as pb
from hearth.loyalty.v1.loyalty_pb2_grpc import LoyaltyServiceStub
from tests.foreign import events
from tests.integration.access import bearer
from tests.integration.members import STRUCTURED
from tests.running import Answer, Hearth, running, until
from tests.unit.loyalty.accounts import POLICY_FILE

pytestmark = pytest.mark.integration

LIMITS = {"most_spent_a_day_by_household": 200, "most_spent_a_day_by_agent": 400, "most_spent_a_day_by_device": 300}


class Shop:
    """Loyalty with limits, and who asks it: an agent of their own for each request, unless one is named."""

    def __init__(self, hearth: Hearth, issuer: Issuer, stub: Any) -> None:
        self.hearth, self.issuer, self.stub = hearth, issuer, stub

    def headers(
        self, agent: str = "", device: str = "", key: str = "", role: str = "service_manager"
    ) -> dict[str, str]:
        own = bearer(self.issuer.token(agent or f"agent-{uuid.uuid4()}", role))
        own["idempotency-key"] = key or str(uuid.uuid4())
        return own | ({"hearth-device": device} if device else {})

    def ask(self, path: str, body: Any = None, method: str = "", **named: str) -> Answer:
        """By HTTP."""
        return self.hearth.http("loyalty", path, body=body, headers=self.headers(**named), method=method)

    def hold(self, who: str, points: int, **named: str) -> Answer:
        return self.ask(f"/v1/accounts/{who}/holds", {"points": points}, **named)

    def call(self, method: str, request: Any, **named: str) -> str:
        """By gRPC; the code of the refusal, or ""."""
        try:
            getattr(self.stub, method)(request, metadata=list(self.headers(**named).items()))
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.FAILED_PRECONDITION, error  # type: ignore[attr-defined]
            return error.details()  # type: ignore[attr-defined]
        return ""

    def quota(self, scope: str, quota_id: str) -> Any:
        return self.ask(f"/v1/quotas/{scope}/{quota_id}").body

    def members(self, count: int) -> list[str]:
        """So many people with 70 points each."""
        people = [events.someone() for _ in range(count)]
        told = [(who, each) for who in people for each in (events.visit(who), events.answer(who))]
        self.hearth.publish([(who, events.line(each).encode(), STRUCTURED) for who, each in told])
        for who in people:
            until(lambda who=who: self.ask(f"/v1/accounts/{who}").body.get("active"), lambda found: found == 70, "70")
        return people


@pytest.fixture(scope="module")
def shop(engines: stack.Engines, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("limits")
    numbers = yaml.safe_load(POLICY_FILE.read_text()) | LIMITS
    (folder / "loyalty.yaml").write_text(yaml.safe_dump(numbers, sort_keys=False))
    (folder / "profile.yaml").write_text(Path("services/profile/policy/profile.yaml").read_text())
    (folder / "service_tickets.yaml").write_text(
        Path("services/service_tickets/policy/service_tickets.yaml").read_text()
    )
    settings = {
        "HEARTH_AUTH": "oidc",
        "HEARTH_OIDC_ISSUER": issuer.url,
        "HEARTH_POLICY_DIR": str(folder),
        "HEARTH_LOG_LEVEL": "debug",
    }
    with (
        running(engines, folder / "run", only=("loyalty",), **settings) as hearth,
        grpc.insecure_channel(hearth.service("loyalty").peer) as channel,
    ):
        yield Shop(hearth, issuer, LoyaltyServiceStub(channel))


def test_a_device_has_a_limit_whoever_asks_by_either_door(shop: Shop) -> None:
    people, till = shop.members(6), f"till:{uuid.uuid4()}"
    for who in people[:2]:
        assert shop.hold(who, 70, device=till).status == 201
        request = pb.HoldPointsRequest(customer_id=people[people.index(who) + 2], points=70)
        assert shop.call("HoldPoints", request, device=till) == ""
    refused = shop.hold(people[4], 21, device=till)
    assert (refused.status, refused.body["code"]) == (409, "device_limit")
    assert "20 are left until 20" in refused.body["detail"] and till not in str(refused.body)
    name = refused.body["detail"].partition("(quota ")[2].partition(")")[0]
    transfer = pb.OfferTransferRequest(customer_id=people[4], to=people[5], points=21)
    assert name in shop.call("OfferTransfer", transfer, device=till)
    reward = {"name": "Kettle", "price": 21}
    assert shop.ask(f"/v1/rewards/{name}", reward, "PUT", role="marketing").status == 200
    assert shop.ask(f"/v1/rewards/{name}/stock", {"by": 1}, role="marketing").status == 200
    wanted = {"reward_id": name, "points": 21}
    path = f"/v1/accounts/{people[4]}/redemptions"
    assert shop.ask(path, wanted, device=till).body["code"] == "device_limit"
    assert shop.hold(people[4], 20, device=till).status == 201
    assert shop.ask(path, wanted).status == 201, "without the device"
    found = shop.quota("device", name)
    assert (found["limit"], found["used"], found["left"]) == (300, 300, 0)
    there = shop.stub.GetQuota(pb.GetQuotaRequest(scope="device", quota_id=name), metadata=list(shop.headers().items()))
    assert (there.used, there.left, there.day) == (300, 0, found["day"])


def test_an_agent_has_a_limit_over_all_accounts(shop: Shop) -> None:
    people, agent = shop.members(6), f"agent-{uuid.uuid4()}"
    assert [shop.hold(who, 70, agent=agent).status for who in people[:5]] == [201] * 5
    assert shop.hold(people[5], 70, agent=agent).body["code"] == "agent_limit"
    assert shop.quota("agent", agent)["left"] == 50
    hold = shop.hold(people[5], 50, agent=agent, key="once")
    assert shop.hold(people[5], 50, agent=agent, key="once").body == hold.body, "said again, it counts once"
    assert shop.hold(people[5], 1, agent=agent).body["code"] == "agent_limit"
    assert shop.hold(people[5], 1).status == 201, "somebody else"


def test_a_household_has_a_limit_over_its_members(shop: Shop) -> None:
    head, *others = shop.members(3)
    home = shop.ask(f"/v1/accounts/{head}/household", {}).body["household_id"]
    until(lambda: shop.ask(f"/v1/households/{home}").body.get("members"), lambda there: there == [head], "it is there")
    for who in others:
        assert shop.ask(f"/v1/accounts/{head}/household/invite", {"member": who}).status == 200
        accept = f"/v1/accounts/{who}/household/accept"
        until(lambda path=accept: shop.ask(path, {"household_id": home}).status, lambda done: done == 200, "agreed")
        until(lambda: shop.ask(f"/v1/households/{home}").body["members"], lambda there, who=who: who in there, "joined")
        there = f"/v1/accounts/{who}/household"
        until(lambda path=there: shop.ask(path).body["memberships"], lambda all_: all_[0]["state"] == "MEMBER", "knows")
    assert [shop.hold(who, 70).status for who in (head, others[0])] == [201, 201]
    given = shop.ask(f"/v1/accounts/{others[1]}/household/contribute", {"points": 61})
    assert (given.status, given.body["code"]) == (409, "household_limit")
    assert shop.hold(others[1], 61).body["code"] == "household_limit"
    assert shop.hold(others[1], 60).status == 201
    found = shop.quota("household", home)
    assert (found["limit"], found["used"], found["left"]) == (200, 200, 0)


def test_what_the_account_refuses_is_not_counted(shop: Shop) -> None:
    (who,), agent = shop.members(1), f"agent-{uuid.uuid4()}"
    assert shop.hold(who, 71, agent=agent).body["code"] == "insufficient_points"
    assert shop.quota("agent", agent)["used"] == 0


def test_thirty_two_clients_spend_a_device_s_limit_to_its_end(shop: Shop) -> None:
    """Sixteen accounts, both doors, each request said twice with its key."""
    people, till = shop.members(16), f"till:{uuid.uuid4()}"

    def spend(number: int) -> list[bool]:
        who, found = people[number % 16], []
        for key in (f"{till}-{number}-{turn}" for turn in (0, 0, 1, 1)):
            if number % 2:
                request = pb.HoldPointsRequest(customer_id=who, points=10)
                answer = shop.call("HoldPoints", request, agent=f"clerk-{till}-{number}", device=till, key=key)
                assert answer == "" or answer.startswith("the device may spend 300 points a day"), answer
                found.append(answer == "")
            else:
                made = shop.hold(who, 10, agent=f"clerk-{till}-{number}", device=till, key=key)
                assert made.status == 201 or made.body["code"] == "device_limit", made.body
                found.append(made.status == 201)
        assert found[0] == found[1] and found[2] == found[3], "the same key gets the same answer"
        return found[::2]

    with ThreadPoolExecutor(32) as pool:
        done = [each for found in pool.map(spend, range(32)) for each in found]
    held = [shop.ask(f"/v1/accounts/{who}").body["held"] for who in people]
    assert (sum(done), sum(held)) == (30, 300)
    detail = shop.hold(people[0], 1, device=till).body["detail"]
    assert "0 are left" in detail
    assert shop.quota("device", detail.partition("(quota ")[2].partition(")")[0])["used"] == 300


@pytest.mark.parametrize("role", ["auditor", "marketing", "service_agent", "integration"])
def test_only_who_answers_for_it_reads_quotas(shop: Shop, role: str) -> None:
    refused = shop.ask("/v1/quotas/agent/somebody", role=role)
    assert (refused.status, refused.body["code"]) == (403, "forbidden")
    assert shop.ask("/v1/quotas/agent/somebody", role="ops").body["used"] == 0
    assert shop.ask("/v1/quotas/tenant/somebody", role="ops").status == 422


@pytest.mark.parametrize("name", ["a b", "x" * 129, "a@b.example"])
def test_a_device_that_is_no_opaque_name_is_refused(shop: Shop, name: str) -> None:
    refused = shop.ask("/v1/quotas/agent/somebody", device=name)
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/header/Hearth-Device")
    assert name not in str(refused.body)
    with pytest.raises(grpc.RpcError) as error:
        shop.stub.GetQuota(
            pb.GetQuotaRequest(scope="agent", quota_id="x"), metadata=list(shop.headers(device=name).items())
        )
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]


def test_what_a_device_is_called_is_kept_nowhere(shop: Shop) -> None:
    (who,), till = shop.members(1), "quetzal-till-77"
    assert shop.hold(who, 10, device=till).status == 201
    assert shop.hold(who, 1000, device=till).status == 409
    with shop.hearth.database("loyalty") as database:
        for name in database.list_collection_names():
            raw = database.get_collection(name, database.codec_options.with_options(document_class=RawBSONDocument))
            assert not [1 for document in raw.find() if till.encode() in document.raw], name
    for path in shop.hearth.log_dir.glob("*"):
        assert till not in path.read_text(), path
