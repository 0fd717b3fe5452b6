"""Leads on running services: facts in, questions by both doors, and a lead that comes by our own door."""

import uuid
from typing import Any

import grpc
import pytest

from contracts.codes import is_code, opened_id
from hearth.leads.v1 import leads_pb2 as pb
from hearth.leads.v1.leads_pb2_grpc import LeadsServiceStub
from tests.foreign import events
from tests.integration.test_doors import STRUCTURED, error_info, key
from tests.running import Hearth, until


def event(customer: str, type_name: str, time: str = "2026-03-04T10:00:00+08:00", **data: Any) -> dict[str, Any]:
    """A fact as somebody else's program sends it."""
    return {**events.visit(customer), "type": type_name, "time": time, "data": data}


def tell(hearth: Hearth, *facts: dict[str, Any]) -> None:
    """Publish facts to the journal."""
    hearth.publish([(each["subject"], events.line(each).encode(), STRUCTURED) for each in facts])


def leads_of(hearth: Hearth, customer: str) -> list[dict[str, Any]]:
    """The leads of a customer, none while nothing is known."""
    answer = hearth.http("leads", f"/v1/customers/{customer}/leads")
    return answer.body["items"] if answer.status == 200 else []


def project() -> str:
    """A project nobody else asks for."""
    return f"P-{uuid.uuid4().hex[:8]}"


def test_facts_in_any_order_make_one_lead_that_both_doors_show(hearth: Hearth) -> None:
    who, where = events.someone(), project()
    touches = [
        event(who, "crm.lead.captured.v1", f"2026-03-02T0{hour}:00:00Z", project_id=where, channel=channel)
        for hour, channel in ((1, "web"), (2, "wechat"))
    ]
    signed = event(
        who, "crm.deal.signed.v1", deal_id="D1", project_id=where, price={"amount": "100.00", "currency": "CNY"}
    )
    tell(hearth, signed, events.visit(who, where), touches[1], touches[0])
    (lead,) = until(
        lambda: leads_of(hearth, who), lambda found: [len(each["touches"]) for each in found] == [2], "one lead"
    )
    assert (lead["state"], lead["project_id"], lead["origin"]) == ("WON", where, "capture")
    assert lead["lead_id"] == opened_id("lead", touches[0]["source"], touches[0]["id"])
    assert is_code(lead["code"])
    alone = until(
        lambda: hearth.http("leads", f"/v1/leads/{lead['lead_id']}"), lambda got: got.status == 200, "by its id"
    )
    assert alone.body == lead
    with grpc.insecure_channel(hearth.service("leads").peer) as channel:
        by_grpc = LeadsServiceStub(channel).GetLead(pb.GetLeadRequest(lead_id=lead["lead_id"])).lead
    for field in ("lead_id", "code", "customer_id", "project_id", "state", "origin"):
        assert getattr(by_grpc, field) == lead[field]
    assert alone.headers["etag"] == f'"{by_grpc.version}"'
    earlier = opened_id("lead", touches[1]["source"], touches[1]["id"])
    assert hearth.http("leads", f"/v1/leads/{earlier}").body["lead_id"] == lead["lead_id"]


def test_lists_come_by_project_state_and_page(hearth: Hearth) -> None:
    where, people = project(), sorted(events.someone() for _ in range(5))
    tell(hearth, *[event(who, "crm.lead.captured.v1", project_id=where, channel="web") for who in people])
    tell(hearth, events.visit(people[0], where))
    path = f"/v1/leads?project_id={where}"
    until(lambda: len(hearth.http("leads", path).body["items"]), lambda count: count == 5, "five leads")
    until(lambda: len(hearth.http("leads", f"{path}&state=VISITED").body["items"]), lambda n: n == 1, "one visited")
    assert len(hearth.http("leads", f"{path}&state=NEW&customer_id={people[1]}").body["items"]) == 1
    paged, cursor = [], ""
    while cursor is not None:
        page = hearth.http("leads", f"{path}&limit=2&cursor={cursor}").body
        paged, cursor = paged + [each["customer_id"] for each in page["items"]], page["next_cursor"]
    assert paged == people
    with grpc.insecure_channel(hearth.service("leads").peer) as channel:
        stub = LeadsServiceStub(channel)
        first = stub.ListLeads(pb.ListLeadsRequest(project_id=where, page_size=3))
        rest = stub.ListLeads(pb.ListLeadsRequest(project_id=where, page_size=3, page_token=first.next_page_token))
    assert [each.customer_id for each in (*first.leads, *rest.leads)] == people
    assert rest.next_page_token == ""


def test_a_lead_by_the_door_is_a_fact_and_becomes_a_lead(hearth: Hearth) -> None:
    where, same = project(), key()
    body = {
        "contact": {"identifiers": [{"type": "phone", "value": f"139{uuid.uuid4().int % 10**8:08}"}]},
        "project_id": where,
        "channel": "walk_in",
    }
    first, second = (hearth.http("leads", "/v1/leads", body=body, headers=same) for _ in range(2))
    assert (first.status, first.body) == (202, second.body)
    assert first.body["source"] == "/hearth/leads"
    assert first.headers["location"] == first.body["follow"]
    (lead,) = until(lambda: hearth.http("leads", f"/v1/leads?project_id={where}").body["items"], len, "a lead")
    assert lead["lead_id"] == opened_id("lead", "/hearth/leads", first.body["id"])
    assert [touch["channel"] for touch in lead["touches"]] == ["walk_in"]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code", "pointer"),
    [
        ("/v1/leads/nobody", None, {}, 404, "unknown_lead", ""),
        ("/v1/customers/nobody/leads", None, {}, 404, "unknown_lead_book", ""),
        ("/v1/leads?state=HOT", None, {}, 422, "invalid_request", "/query/state"),
        ("/v1/leads?cursor=x", None, {}, 422, "invalid_request", "/query/cursor"),
        ("/v1/leads", {"project_id": "P1"}, {}, 400, "idempotency_key_missing", ""),
        ("/v1/leads", {"project_id": "P1", "channel": "web"}, key(), 422, "missing_field", "/contact"),
        ("/v1/leads", {"contact": {"customer_id": "c"}, "channel": "fax"}, key(), 422, "invalid_field", "/channel"),
        ("/v1/leads", b"{", key(), 400, "not_json", ""),
    ],
)
def test_a_refusal_is_a_problem_document(
    hearth: Hearth, path: str, body: Any, headers: dict[str, str], status: int, code: str, pointer: str
) -> None:
    answer = hearth.http("leads", path, body=body, headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.body["code"] == code
    assert [each["pointer"] for each in answer.body["errors"]] == ([pointer] if pointer else [])


def test_grpc_refusals_carry_the_reason(hearth: Hearth) -> None:
    with grpc.insecure_channel(hearth.service("leads").peer) as channel, pytest.raises(grpc.RpcError) as refused:
        LeadsServiceStub(channel).GetLead(pb.GetLeadRequest(lead_id="nobody"))
    assert error_info(refused.value) == (grpc.StatusCode.NOT_FOUND, "UNKNOWN_LEAD", "hearth")
