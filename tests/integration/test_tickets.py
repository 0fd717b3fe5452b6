"""Tickets on running services whose clock stands and is moved: breach, late answer, end, satisfaction, by both doors."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contracts.codes import is_code, opened_id
from hearth.service_tickets.v1 import service_tickets_pb2 as pb
from hearth.service_tickets.v1.service_tickets_pb2_grpc import ServiceTicketsServiceStub
from tests.foreign import events
from tests.integration.test_doors import error_info, key
from tests.integration.test_leads import event, project, tell
from tests.running import Answer, Hearth, request, running, until

START = "2026-03-01T00:00:00Z"
SERVICE = "service_tickets"


@pytest.fixture(scope="module")
def slow(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Services whose clocks stand at 1 March until they are moved."""
    with running(engines, tmp_path_factory.mktemp("slow"), HEARTH_CLOCK=START) as hearth:
        yield hearth


def move(hearth: Hearth, now: str) -> None:
    """Move the clocks of all services."""
    for service in hearth.services:
        moved = request(f"http://127.0.0.1:{service.admin}/v1/clock", {"now": now}, {}, "")
        assert moved.status == 200, moved.body


def ticket_of(hearth: Hearth, customer: str) -> dict[str, Any]:
    """The one ticket of a customer, {} while there is none."""
    answer = hearth.http(SERVICE, f"/v1/customers/{customer}/tickets")
    return answer.body["items"][0] if answer.status == 200 and answer.body["items"] else {}


def raised(customer: str, time: str, where: str = "P1") -> dict[str, Any]:
    """A leak."""
    data: dict[str, Any] = {"channel": "app", "category": "leak", "case_id": "4711", "project_id": where}
    return {**event(customer, "crm.complaint.raised.v1", time, **data), "recordedat": time}


def survey(customer: str, time: str, value: int) -> dict[str, Any]:
    """A CSAT answer on a scale of five."""
    return {**events.answer(customer), "time": time, "recordedat": time} | {
        "data": {"instrument": "csat", "answers": [{"value": value, "min": 1, "max": 5}]}
    }


def act(hearth: Hearth, ticket_id: str, what: str, body: Any = None, **headers: str) -> Answer:
    """Carry out a command by HTTP."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    path = f"/v1/tickets/{ticket_id}/{what}"
    return hearth.http(SERVICE, path, body=body, headers={**key(), **named}, method="POST")


def test_the_story_of_a_complaint(slow: Hearth) -> None:
    """The times of DOMAIN 6 in UTC: noon in Shanghai is 04:00Z."""
    who = events.someone()
    complaint = raised(who, "2026-03-22T04:00:00Z")
    move(slow, "2026-03-22T04:00:00Z")
    tell(slow, complaint, survey(who, "2026-03-04T04:00:00Z", 4))
    ticket = until(lambda: ticket_of(slow, who), bool, "a ticket")
    name = ticket["ticket_id"]
    until(lambda: slow.http(SERVICE, f"/v1/tickets/{name}").status, lambda status: status == 200, "it by its id")
    assert name == opened_id("ticket", complaint["source"], complaint["id"])
    assert (ticket["state"], ticket["case_id"], is_code(ticket["code"])) == ("NEW", "4711", True)
    assert ticket["first_response"] == {"state": "RUNNING", "due_at": "2026-03-23T04:00:00Z", "met_at": None}

    move(slow, "2026-03-23T03:59:00Z")
    assert ticket_of(slow, who)["first_response"]["state"] == "RUNNING"
    move(slow, "2026-03-23T06:00:00Z")
    until(lambda: ticket_of(slow, who)["first_response"]["state"], lambda state: state == "BREACHED", "a breach")

    same = key()
    first, second = (act(slow, name, "respond", {"agent_id": "A-1"}, **same) for _ in range(2))
    assert (first.status, first.body) == (200, second.body)
    assert first.body == {"ticket_id": name, "at": "2026-03-23T06:00:00Z", "late": True}
    assert act(slow, name, "respond").body["code"] == "already_responded"
    stale = act(slow, name, "resolve", if_match='"1"')
    assert (stale.status, stale.body["code"]) == (412, "precondition_failed")

    move(slow, "2026-03-25T04:00:00Z")
    with grpc.insecure_channel(slow.service(SERVICE).peer) as channel:
        stub = ServiceTicketsServiceStub(channel)
        ended = stub.ResolveTicket(
            pb.ResolveTicketRequest(ticket_id=name, outcome="repaired"), metadata=list(key().items())
        )
        shown = stub.GetTicket(pb.GetTicketRequest(ticket_id=name)).ticket
        assert (ended.late, shown.state, shown.outcome, shown.agent_id) == (False, "RESOLVED", "repaired", "A-1")
        assert (shown.first_response.state, shown.resolution.state) == ("MET_LATE", "MET")
        tell(slow, survey(who, "2026-03-26T04:00:00Z", 3))
        path = f"/v1/customers/{who}/satisfaction?as_of=2026-04-11T04:00:00Z"
        found = until(lambda: slow.http(SERVICE, path).body, lambda body: len(body["observations"]) == 5, "five parts")
        assert found["stated"] == {"score": 68.5459, "confidence": 0.3755, "n_eff": 1.9964}
        assert (found["overall"]["score"], found["overall"]["confidence"]) == (61.3126, 0.4852)
        at = Timestamp()
        at.FromJsonString("2026-04-11T04:00:00Z")
        by_grpc = stub.GetSatisfaction(pb.GetSatisfactionRequest(customer_id=who, as_of=at))
    assert (by_grpc.stated.score, by_grpc.overall.score) == (68.5459, 61.3126)
    kinds = [part["kind"] for part in found["observations"]]
    assert kinds == ["answer", "complaint_raised", "clock_breached", "resolved_in_time", "answer"]
    assert [part.kind for part in by_grpc.observations] == kinds


def test_lists_come_by_project_and_state(hearth: Hearth) -> None:
    where, people = project(), sorted(events.someone() for _ in range(3))
    tell(hearth, *[raised(who, "2026-03-22T04:00:00Z", where) for who in people])
    path = f"/v1/tickets?project_id={where}"
    until(lambda: len(hearth.http(SERVICE, path).body["items"]), lambda count: count == 3, "three tickets")
    page = hearth.http(SERVICE, f"{path}&limit=2").body
    rest = hearth.http(SERVICE, f"{path}&limit=2&cursor={page['next_cursor']}").body
    assert [each["customer_id"] for each in (*page["items"], *rest["items"])] == people
    assert rest["next_cursor"] is None
    name = page["items"][0]["ticket_id"]
    assert act(hearth, name, "resolve", {"outcome": "explained"}).body["late"] is True
    until(lambda: len(hearth.http(SERVICE, f"{path}&state=RESOLVED").body["items"]), lambda n: n == 1, "one resolved")
    assert hearth.http(SERVICE, f"/v1/tickets/{name}").body["outcome"] == "explained"
    with grpc.insecure_channel(hearth.service(SERVICE).peer) as channel:
        listed = ServiceTicketsServiceStub(channel).ListTickets(pb.ListTicketsRequest(customer_id=people[1]))
    assert [each.customer_id for each in listed.tickets] == [people[1]]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code", "pointer"),
    [
        ("/v1/tickets/nobody", None, {}, 404, "unknown_ticket", ""),
        ("/v1/tickets/nobody/respond", {}, key(), 404, "unknown_ticket", ""),
        ("/v1/tickets/nobody/respond", {}, {}, 400, "idempotency_key_missing", ""),
        ("/v1/tickets/nobody/resolve", {"outcome": "It leaks"}, key(), 422, "invalid_request", "/outcome"),
        ("/v1/tickets/nobody/respond", {"text": "Sorry"}, key(), 422, "invalid_request", ""),
        ("/v1/customers/nobody/satisfaction", None, {}, 404, "unknown_case_file", ""),
        ("/v1/tickets?state=OLD", None, {}, 422, "invalid_request", "/query/state"),
    ],
)
def test_a_refusal_is_a_problem_document(
    hearth: Hearth, path: str, body: Any, headers: dict[str, str], status: int, code: str, pointer: str
) -> None:
    answer = hearth.http(SERVICE, path, body=body, headers=headers)
    assert (answer.status, answer.body["code"]) == (status, code)
    named = [each["pointer"] for each in answer.body["errors"]]
    assert named == [pointer] if pointer else set(named) <= {""}


def test_grpc_refusals_carry_the_reason(hearth: Hearth) -> None:
    with grpc.insecure_channel(hearth.service(SERVICE).peer) as channel, pytest.raises(grpc.RpcError) as refused:
        request = pb.RespondTicketRequest(ticket_id="nobody")
        ServiceTicketsServiceStub(channel).RespondTicket(request, metadata=list(key().items()))
    assert error_info(refused.value) == (grpc.StatusCode.NOT_FOUND, "UNKNOWN_TICKET", "hearth")
