"""The HTTP, gRPC and admin doors of running services."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from chassis.fold import Key
from hearth.loyalty.v1 import loyalty_pb2 as pb
from hearth.profile.v1 import profile_pb2
from hearth.profile.v1.profile_pb2_grpc import ProfileServiceStub
from tests.foreign import events
from tests.integration.members import STRUCTURED
from tests.running import Answer, Hearth, until

GOOD = (200, {"ok": True, "reasons": []})


def key() -> dict[str, str]:
    """A new idempotency key, as header and as metadata."""
    return {"idempotency-key": str(uuid.uuid4())}


def hold(hearth: Hearth, customer: str, points: Any, **headers: str) -> Answer:
    """Ask for a hold by HTTP."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return hearth.http("loyalty", f"/v1/accounts/{customer}/holds", body={"points": points}, headers={**key(), **named})


def error_info(refused: grpc.RpcError) -> tuple[Any, str, str]:
    """Code, reason and domain of a rich error."""
    status = rpc_status.from_call(refused)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return refused.code(), info.reason, info.domain


# ---- questions -------------------------------------------------------------------------------------------------------


def test_both_doors_say_the_same_of_an_account(hearth: Hearth, loyalty: Any, customer: str) -> None:
    by_http = hearth.http("loyalty", f"/v1/accounts/{customer}")
    by_grpc = loyalty.GetAccount(pb.GetAccountRequest(customer_id=customer))
    for field, value in by_http.body.items():
        assert getattr(by_grpc, field) == value
    assert by_http.headers["etag"] == f'"{by_grpc.version}"'


def test_a_statement_comes_in_pages_and_ends_with_the_balance(hearth: Hearth, loyalty: Any, customer: str) -> None:
    assert hold(hearth, customer, 30).status == 201
    whole = hearth.http("loyalty", f"/v1/accounts/{customer}/statement").body
    assert whole["next_cursor"] is None
    assert (whole["items"][-1]["active"], whole["items"][-1]["held"]) == (40, 30)

    paged, cursor = [], ""
    while cursor is not None:
        page = hearth.http("loyalty", f"/v1/accounts/{customer}/statement?limit=1&cursor={cursor}").body
        assert len(page["items"]) == 1
        paged, cursor = paged + page["items"], page["next_cursor"]
    assert paged == whole["items"]

    first = loyalty.ListStatement(pb.ListStatementRequest(customer_id=customer, page_size=2))
    rest = loyalty.ListStatement(
        pb.ListStatementRequest(customer_id=customer, page_size=2, page_token=first.next_page_token)
    )
    assert [line.points for line in [*first.lines, *rest.lines]] == [item["points"] for item in whole["items"]]
    assert rest.next_page_token == ""


@pytest.mark.parametrize("balance", ["active", "pending", "held", "debt"])
def test_an_explanation_sums_to_the_balance(hearth: Hearth, loyalty: Any, customer: str, balance: str) -> None:
    hold(hearth, customer, 30)
    stated = hearth.account(customer)[balance]
    told = hearth.http("loyalty", f"/v1/accounts/{customer}/explain?balance={balance}").body
    assert told["total"] == sum(reason["points"] for reason in told["reasons"]) == stated
    assert all(reason["cause"]["id"] and reason["rule"] and reason["policy_version"] for reason in told["reasons"])
    by_grpc = loyalty.ExplainBalance(pb.ExplainBalanceRequest(customer_id=customer, balance=balance))
    assert by_grpc.total == stated
    assert [reason.points for reason in by_grpc.reasons] == [reason["points"] for reason in told["reasons"]]


def test_the_past_is_asked_for_by_both_doors_on_two_axes(hearth: Hearth) -> None:
    """A visit of 4 March that was recorded on 6 March: had happened on the 5th, was not known on the 5th."""
    who = events.someone()
    late = {**events.visit(who), "recordedat": "2026-03-06T02:00:00Z"}
    hearth.publish([(who, events.line(late).encode(), STRUCTURED)])
    hearth.known(who, 1)
    fifth = Timestamp()
    fifth.FromDatetime(datetime(2026, 3, 5, 2, tzinfo=UTC))
    with grpc.insecure_channel(hearth.service("profile").peer) as channel:
        ask = ProfileServiceStub(channel).GetCustomer
        for axis, facts in (("as_of", 1), ("known_at", 0)):
            found = hearth.http("profile", f"/v1/customers/{who}?{axis}=2026-03-05T02:00:00Z")
            assert (found.status, found.body["facts"]) == (200, facts), axis
            assert ask(profile_pb2.GetCustomerRequest(customer_id=who, **{axis: fifth})).facts == facts, axis
    assert hearth.http("profile", f"/v1/customers/{who}?as_of=2026-03-05T02:00:00").status == 422, "without zone"
    (mark,) = hearth.http("profile", f"/v1/customers/{who}/facts").body["items"]
    assert (mark["source"], mark["id"]) == (late["source"], late["id"])


# ---- commands --------------------------------------------------------------------------------------------------------


def test_a_hold_is_captured_or_given_back(hearth: Hearth, customer: str) -> None:
    holds = f"/v1/accounts/{customer}/holds"
    spent, kept = hold(hearth, customer, 30).body, hold(hearth, customer, 15).body
    assert hearth.account(customer).items() >= {"active": 25, "held": 45}.items()
    assert hearth.http("loyalty", f"{holds}/{spent['hold_id']}/capture", headers=key(), method="POST").status == 200
    assert hearth.http("loyalty", f"{holds}/{kept['hold_id']}/void", headers=key(), method="POST").status == 200
    assert hearth.account(customer).items() >= {"active": 40, "held": 0}.items()
    again = hearth.http("loyalty", f"{holds}/{spent['hold_id']}/capture", headers=key(), method="POST")
    assert (again.status, again.body["code"]) == (404, "unknown_hold")


def chain_of(hearth: Hearth, customer: str) -> tuple[int, int]:
    """How many versions of an account there are, and how many of them have been joined into others."""
    links = {"$gt": Key("account", customer).prefix(), "$lt": Key("account", customer).prefix() + b"\xff" * 8}
    with hearth.database("loyalty") as database:
        found = list(database["accounts.chain"].find({"_id": links}, {"stub": 1}))
    return len(found), sum("stub" in each for each in found)


def test_a_chain_that_gets_only_commands_is_compacted_and_says_the_same(hearth: Hearth, customer: str) -> None:
    before = chain_of(hearth, customer)[0]
    holds = f"/v1/accounts/{customer}/holds"
    for _ in range(32):
        made = hold(hearth, customer, 1).body["hold_id"]
        assert hearth.http("loyalty", f"{holds}/{made}/void", headers=key(), method="POST").status == 200
    shown = hearth.http("loyalty", f"/v1/accounts/{customer}/statement?limit=200").body
    assert chain_of(hearth, customer)[0] >= before + 64
    until(lambda: chain_of(hearth, customer)[1], lambda stubs: stubs > 32, "half of them joined")
    assert hearth.http("loyalty", f"/v1/accounts/{customer}/statement?limit=200").body == shown
    assert hearth.account(customer)["active"] == 70


def test_one_key_is_one_command_whatever_the_door(hearth: Hearth, loyalty: Any, customer: str) -> None:
    same = key()
    first, second = (hold(hearth, customer, 30, **same) for _ in range(2))
    assert (first.status, first.body, first.headers["etag"]) == (second.status, second.body, second.headers["etag"])
    request = pb.HoldPointsRequest(customer_id=customer, points=30)
    by_grpc = loyalty.HoldPoints(request, metadata=list(same.items()))
    assert (by_grpc.hold_id, by_grpc.points) == (first.body["hold_id"], 30)
    assert hearth.account(customer).items() >= {"active": 40, "held": 30}.items()
    other = hold(hearth, customer, 31, **same)
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")


def test_if_match_refuses_what_was_decided_on_old_values(hearth: Hearth, loyalty: Any, customer: str) -> None:
    read = hearth.http("loyalty", f"/v1/accounts/{customer}").headers["etag"]
    done = hold(hearth, customer, 10, if_match=read)
    assert done.status == 201
    assert done.headers["etag"] != read
    stale = hold(hearth, customer, 10, if_match=read)
    assert (stale.status, stale.body["code"]) == (412, "precondition_failed")
    assert hold(hearth, customer, 10, if_match="7").body["code"] == "if_match_invalid"
    with pytest.raises(grpc.RpcError) as refused:
        request = pb.HoldPointsRequest(customer_id=customer, points=10, expected_version=int(read.strip('"')))
        loyalty.HoldPoints(request, metadata=list(key().items()))
    assert error_info(refused.value) == (grpc.StatusCode.ABORTED, "PRECONDITION_FAILED", "hearth")
    assert hearth.account(customer)["held"] == 10


def test_concurrent_holds_never_overspend_and_share_versions(hearth: Hearth, loyalty: Any, customer: str) -> None:
    """32 holds of 5 on 70 points, by both doors at once: 14 succeed, in fewer versions than that."""
    before = int(hearth.http("loyalty", f"/v1/accounts/{customer}").headers["etag"].strip('"'))

    def by_http() -> str:
        answer = hold(hearth, customer, 5)
        return "held" if answer.status == 201 else answer.body["code"]

    def by_grpc() -> str:
        try:
            loyalty.HoldPoints(pb.HoldPointsRequest(customer_id=customer, points=5), metadata=list(key().items()))
        except grpc.RpcError as refused:
            return error_info(refused)[1].lower()
        return "held"

    together = Barrier(32)

    def at_once(ask: Callable[[], str]) -> str:
        together.wait(60)
        return ask()

    with ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(at_once, by_grpc if n % 2 else by_http) for n in range(32)]
        outcomes = [future.result() for future in asked]

    assert (outcomes.count("held"), outcomes.count("insufficient_points")) == (14, 18), outcomes
    assert hearth.account(customer).items() >= {"active": 0, "held": 70}.items()
    after = int(hearth.http("loyalty", f"/v1/accounts/{customer}").headers["etag"].strip('"'))
    assert after - before < 14


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code", "pointer"),
    [
        ("/v1/accounts/nobody", None, {}, 404, "unknown_account", ""),
        ("/v1/nothing", None, {}, 404, "no_such_route", ""),
        ("/v1/accounts/{who}/holds", {"points": 5}, {}, 400, "idempotency_key_missing", ""),
        ("/v1/accounts/{who}/holds", {"points": 0}, key(), 422, "invalid_request", "/points"),
        ("/v1/accounts/{who}/holds", {"points": "5"}, key(), 422, "invalid_request", "/points"),
        ("/v1/accounts/{who}/holds", {"points": 5, "note": "x"}, key(), 422, "invalid_request", ""),
        ("/v1/accounts/{who}/holds", {"points": 71}, key(), 409, "insufficient_points", "/points"),
        ("/v1/accounts/{who}/holds", b" " * 70_000, key(), 413, "body_too_large", ""),
        ("/v1/accounts/{who}/statement?limit=201", None, {}, 422, "invalid_request", "/query/limit"),
        ("/v1/accounts/{who}/statement?cursor=x", None, {}, 422, "invalid_request", "/query/cursor"),
        ("/v1/accounts/{who}/explain?balance=gold", None, {}, 422, "invalid_request", "/query/balance"),
    ],
)
def test_a_refusal_is_a_problem_document(
    hearth: Hearth, customer: str, path: str, body: Any, headers: dict[str, str], status: int, code: str, pointer: str
) -> None:
    answer = hearth.http("loyalty", path.replace("{who}", customer), body=body, headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.body
    assert (problem["status"], problem["code"], problem["type"]) == (
        status, code, f"urn:hearth:error:{code.replace('_', '-')}",
    )  # fmt: skip
    assert problem["title"]
    assert problem["detail"]
    assert len(problem["trace_id"]) == 32
    named = [each["pointer"] for each in problem["errors"]]
    assert pointer in named if pointer else set(named) <= {""}
    assert hearth.account(customer)["held"] == 0


def test_grpc_refusals_carry_reason_and_domain(loyalty: Any, customer: str) -> None:
    for call, code, reason in (
        (lambda: loyalty.GetAccount(pb.GetAccountRequest(customer_id="nobody")), "NOT_FOUND", "UNKNOWN_ACCOUNT"),
        (lambda: loyalty.GetAccount(pb.GetAccountRequest()), "INVALID_ARGUMENT", "INVALID_REQUEST"),
        (lambda: loyalty.HoldPoints(pb.HoldPointsRequest(customer_id=customer, points=5)), "INVALID_ARGUMENT",
         "IDEMPOTENCY_KEY_MISSING"),
        (lambda: loyalty.HoldPoints(pb.HoldPointsRequest(customer_id=customer, points=71), metadata=[*key().items()]),
         "FAILED_PRECONDITION", "INSUFFICIENT_POINTS"),
    ):  # fmt: skip
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert error_info(refused.value) == (grpc.StatusCode[code], reason, "hearth")


# ---- health ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["profile", "loyalty"])
def test_grpc_health_and_reflection(hearth: Hearth, service: str) -> None:
    with grpc.insecure_channel(hearth.service(service).peer) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=""))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        described = ProtoReflectionDescriptorDatabase(channel)
        assert f"hearth.{service}.v1.{service.capitalize()}Service" in described.get_services()


@pytest.mark.parametrize("service", ["profile", "loyalty"])
def test_the_admin_door(hearth: Hearth, customer: str, service: str) -> None:
    hearth.known(customer, 2)
    for path in ("/startupz", "/livez", "/readyz"):  # the last asks the database, which may be slow now and then
        until(lambda path=path: hearth.admin(service, path)[::2], lambda told: told == GOOD, path)
    applied = f'hearth_facts_total{{outcome="applied",service="{service}",'

    def counted(metrics: str) -> float:
        return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(applied))

    metrics = until(lambda: hearth.admin(service, "/metrics").body, lambda text: counted(text) >= 2, "two applied")
    assert f'hearth_lanes{{service="{service}",state="stopped"}} 0.0' in metrics
    assert customer not in metrics
    assert hearth.admin(service, "/v1/clock").body["real"] is True


def test_the_documentation_of_the_http_door_is_there(hearth: Hearth) -> None:
    paths = hearth.http("loyalty", "/openapi.json").body["paths"]
    assert "/v1/accounts/{customer_id}/holds/{hold_id}/capture" in paths
    assert "swagger" in hearth.http("loyalty", "/docs").body
