"""Events from outside, end to end: over HTTP in every form, and from the intake topics, to the journal and beyond."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import bson.raw_bson
import grpc
import pytest
from confluent_kafka import Producer

from chassis.publish import SETTINGS
from hearth.profile.v1 import profile_pb2 as pb
from hearth.profile.v1.profile_pb2_grpc import ProfileServiceStub
from tests.running import Answer, Hearth, headers_of, messages_of, until

CLOUDEVENT = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
CANARY = "Kanarienvogel"


def new() -> str:
    """An id nobody else uses."""
    return uuid.uuid4().hex[:12]


def phone() -> str:
    """A phone number nobody else uses."""
    return f"13{uuid.uuid4().int % 10**9:09}"


def who(*identifiers: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A contact by identifiers."""
    return {"identifiers": [{"type": type_, "value": value} for type_, value in identifiers], **more}


def event(
    type_: str, contact: dict[str, Any], *, id_: str = "", time: str = "2026-03-02T01:00:00Z", **data: Any
) -> Any:
    """A structured event."""
    head = {"specversion": "1.0", "type": type_, "source": "/test", "id": id_ or new(), "time": time}
    return head | {"data": {"contact": contact, **data}}


def lead(contact: dict[str, Any], **more: Any) -> Any:
    """Somebody showed interest."""
    return event("crm.lead.captured.v1", contact, **{"project_id": "P1", "channel": "web", **more})


def visit(contact: dict[str, Any], **more: Any) -> Any:
    """Somebody came: 50 points."""
    return event("crm.visit.completed.v1", contact, **{"visit_id": new(), "project_id": "P1", **more})


def post(hearth: Hearth, of: Any) -> Answer:
    """Send one structured event."""
    return hearth.http("profile", "/v1/events", body=of, headers=CLOUDEVENT)


def customer_of(answer: Answer) -> str:
    """Whose the one accepted event is."""
    assert answer.status == 202, answer
    (only,) = answer.body["events"]
    return only["customer_id"]


def key() -> dict[str, str]:
    """A new idempotency key."""
    return {"idempotency-key": str(uuid.uuid4())}


def send(hearth: Hearth, topic: str, *values: bytes, headers: Any = CLOUDEVENT, key_: str = "k") -> None:
    """Put records on an intake topic."""
    producer = Producer({**SETTINGS, "bootstrap.servers": hearth.bootstrap})
    for value in values:
        named = [(name, text.encode()) for name, text in headers.items()]
        producer.produce(f"{hearth.namespace}.{topic}", value, key_.encode(), headers=named)
    assert producer.flush(120) == 0


def journal(hearth: Hearth) -> list[Any]:
    """Everything that is in the journal now."""
    return messages_of(hearth.bootstrap, hearth.journal)


@pytest.fixture
def profile(hearth: Hearth) -> Iterator[Any]:
    """A gRPC client of profile."""
    with grpc.insecure_channel(hearth.service("profile").peer) as channel:
        yield ProfileServiceStub(channel)


def test_an_event_is_accepted_once_and_becomes_points(hearth: Hearth) -> None:
    number, of = phone(), None
    of = visit(who(("phone", number)))
    first = post(hearth, of)
    customer = customer_of(first)
    assert first.body["events"][0]["status"] == "accepted"
    assert post(hearth, of).body["events"][0]["status"] == "duplicate"
    hearth.eventually(customer, active=50)
    hearth.known(customer, 1)
    other = post(hearth, of | {"data": of["data"] | {"party_size": 3}})
    assert (other.status, other.body["code"]) == (409, "conflict")
    found = hearth.http("profile", "/v1/customers/search", body={"type": "phone", "value": f"+86 {number}"})
    assert found.body == {"customer_id": customer}


def test_where_an_event_is_can_be_followed_into_every_service(hearth: Hearth) -> None:
    of = visit(who(("phone", phone())))
    customer = customer_of(post(hearth, of))
    hearth.eventually(customer, active=50)
    hearth.known(customer, 1)
    path = f"/v1/events?source=/test&id={of['id']}"
    found = until(lambda: hearth.http("profile", path).body, lambda body: body["journaled"], "in the journal")
    assert found["customer_id"] == customer
    assert found["services"]["profile"]["state"] == "applied"
    assert found["services"]["leads"]["state"] in ("unavailable", "applied", "not_read", "waiting")
    assert hearth.http("profile", "/v1/events?source=/test&id=nothing").body["code"] == "unknown_event"


def test_all_content_modes_are_taken(hearth: Hearth) -> None:
    number = phone()
    of = lead(who(("phone", number)))
    headers = {f"ce-{name}": str(of[name]) for name in ("specversion", "type", "source", "id", "time")}
    binary = hearth.http(
        "profile", "/v1/events", body=of["data"], headers={**headers, "content-type": "application/json"}
    )
    assert customer_of(binary) == customer_of(post(hearth, of))
    bad = lead({"identifiers": []})
    batch = hearth.http("profile", "/v1/events", body=[lead(who(("phone", number))), of, bad], headers=BATCH)
    assert batch.status == 202
    assert [each["status"] for each in batch.body["events"]] == ["accepted", "duplicate", "invalid"]
    assert batch.body["events"][2]["errors"][0]["pointer"].startswith("/data/contact")
    assert hearth.http("profile", "/v1/events", body=b"{}", headers=BATCH).body["code"] == "not_json"
    assert hearth.http("profile", "/v1/events", body={}).body["code"] == "not_cloudevent"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"identifiers": [{"type": "phone", "value": "1" * 10_000}]}, "invalid_field", "/data/contact/identifiers/0/value"),
        ({"identifiers": [{"type": "phone", "value": "12345"}]}, "invalid_identifier", "/data/contact/identifiers/0/value"),
        ({"identifiers": [{"type": "email", "value": "no at sign"}]}, "invalid_identifier", "/data/contact/identifiers/0/value"),
        (
            {"identifiers": [{"type": "id_number", "value": "110105194912310021"}]},
            "invalid_identifier",
            "/data/contact/identifiers/0/value",
        ),
        ({"customer_id": "nobody"}, "unknown_customer", "/data/contact/customer_id"),
        ({}, "invalid_field", "/data/contact"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_code_and_pointer_and_never_repeated(
    hearth: Hearth, change: Any, code: str, pointer: str
) -> None:
    answer = post(hearth, lead(change))
    assert answer.status in (404, 422) and answer.headers["content-type"] == "application/problem+json"
    assert (answer.body["code"], answer.body["errors"][0]["pointer"]) == (code, pointer)
    assert not any(str(each.get("value"))[:20] in json.dumps(answer.body) for each in change.get("identifiers", ()))


def test_fillers_and_foreign_phones_are_fine_and_the_future_is_not(hearth: Hearth) -> None:
    fillers = [customer_of(post(hearth, lead(who(("phone", "000 0000 0000"))))) for _ in range(2)]
    assert len(set(fillers)) == 2
    foreign = "+44 20 7946 " + f"{uuid.uuid4().int % 10**4:04}"
    assert customer_of(post(hearth, lead(who(("phone", foreign))))) == customer_of(
        post(hearth, lead(who(("phone", foreign.replace(" ", "")))))
    )
    answer = post(hearth, lead(who(("phone", phone())), time="2999-01-01T00:00:00Z"))
    assert (answer.status, answer.body["code"]) == (422, "time_in_future")
    answer = post(
        hearth, event("crm.customer.linked.v1", who(("phone", "13900000099")), same_as=who(("phone", "13900000099")))
    )
    assert (answer.status, answer.body["code"]) == (422, "invalid_field")


def test_records_of_the_intake_topics_are_resolved_and_bad_ones_are_dead_letters(hearth: Hearth) -> None:
    number, began = phone(), datetime.now(UTC) - timedelta(milliseconds=1)
    good, later = visit(who(("phone", number))), lead(who(("phone", number), name=CANARY))
    send(hearth, "crm.intake.visit", b"\xff", json.dumps(good).encode(), json.dumps(good).encode(), key_=new())
    find = {"type": "phone", "value": number}
    customer = until(
        lambda: hearth.http("profile", "/v1/customers/search", body=find).body.get("customer_id"), bool, "resolved"
    )
    hearth.eventually(customer, active=50)
    # another partition, perhaps: which of two contents is the first is only sure when one is taken in before the other comes
    send(hearth, "crm.intake.visit", json.dumps(good | {"data": good["data"] | {"party_size": 9}}).encode(), key_=new())
    send(hearth, "crm.intake.lead", json.dumps(later).encode(), json.dumps(lead(who(("phone", "12345")))).encode())
    hearth.known(customer, 2)
    with hearth.database("profile") as database:
        slots = [mark["_id"] for mark in database["slots"].find({"topic": {"$regex": "crm.intake.(visit|lead)$"}})]
        query = {"slot": {"$in": slots}, "at": {"$gte": began}}
        codes = until(
            lambda: sorted(dead["code"] for dead in database["dead"].find(query)),
            lambda found: len(found) == 3,
            "3 dead",
        )
    assert codes == ["conflict", "invalid_identifier", "not_utf8"]


def test_merge_and_unmerge_by_http(hearth: Hearth, profile: Any) -> None:
    a, b = (customer_of(post(hearth, visit(who(("phone", phone()))))) for _ in range(2))
    asked, body = key(), {"with": b}
    merged = hearth.http("profile", f"/v1/customers/{a}/merge", body=body, headers=asked)
    assert merged.status == 200 and (merged.body["survivor"], merged.body["merged"]) == (min(a, b), max(a, b))
    assert hearth.http("profile", f"/v1/customers/{a}/merge", body=body, headers=asked).body == merged.body
    circle = hearth.http("profile", f"/v1/customers/{b}/merge", body={"with": a}, headers=key())
    assert (circle.status, circle.body["code"]) == (409, "already_merged")
    reused = hearth.http("profile", f"/v1/customers/{a}/merge", body={"with": "other"}, headers=asked)
    assert reused.body["code"] == "idempotency_key_reused"
    assert (
        hearth.http("profile", f"/v1/customers/{a}/merge", body={"with": a}, headers=key()).body["code"]
        == "same_customer"
    )
    assert hearth.http("profile", f"/v1/customers/{a}/merge", body=body).body["code"] == "idempotency_key_missing"
    identity = hearth.http("profile", f"/v1/customers/{b}/identity").body
    assert (identity["customer_id"], identity["aliases"]) == (min(a, b), [max(a, b)])
    assert identity["identifiers"] == [{"type": "phone", "verified": False, "count": 2}]
    undo = {"merge_id": merged.body["merge_id"]}
    again = key()
    for _ in range(2):
        assert hearth.http("profile", f"/v1/customers/{a}/unmerge", body=undo, headers=again).status == 200
    answer = hearth.http("profile", f"/v1/customers/{a}/unmerge", body=undo, headers=key())
    assert (answer.status, answer.body["code"]) == (409, "already_unmerged")
    answer = hearth.http("profile", f"/v1/customers/{a}/unmerge", body={"merge_id": "never"}, headers=key())
    assert (answer.status, answer.body["code"]) == (404, "never_merged")
    assert hearth.http("profile", f"/v1/customers/{b}/identity").body["aliases"] == []
    told = [m for m in journal(hearth) if merged.body["merge_id"].encode() in (m.value() or b"")]
    once = {headers_of(m)["ce_id"]: m for m in told}.values()  # whoever finds them untold tells them: perhaps twice
    assert sorted((headers_of(m)["ce_type"].decode(), m.key().decode()) for m in once) == sorted(
        (f"crm.customer.{kind}.v1", who_) for kind in ("merged", "unmerged") for who_ in (a, b)
    )


def test_segment_calls_are_facts(hearth: Hearth) -> None:
    user, number = new(), phone()
    calls = [
        {"type": "identify", "messageId": new(), "userId": user, "traits": {"phone": number, "name": CANARY}},
        {
            "type": "track",
            "messageId": new(),
            "userId": user,
            "event": "Lead Captured",
            "timestamp": "2026-03-02T01:00:00+00:00",
            "properties": {"project_id": "P1", "channel": "web"},
        },
        {"type": "track", "messageId": new(), "userId": user, "event": "Clicked"},
        {"type": "track", "messageId": new(), "userId": user, "event": "Lead Captured", "properties": {}},
    ]
    answer = hearth.http("profile", "/v1/batch", body={"batch": calls})
    assert answer.status == 200 and not answer.body["success"]
    events = answer.body["events"]["events"]
    assert [each["status"] for each in events] == ["accepted", "accepted", "invalid", "invalid"]
    assert events[0]["customer_id"] == events[1]["customer_id"]
    assert events[2]["errors"][0]["pointer"] == "/event"
    assert events[3]["errors"][0]["pointer"] == "/properties/project_id"
    one = {
        "messageId": new(),
        "userId": user,
        "event": "crm.visit.completed.v1",
        "properties": {"visit_id": new(), "project_id": "P1"},
    }
    hearth.eventually(customer_of(_accepted(hearth.http("profile", "/v1/track", body=one))), active=50)


def _accepted(answer: Answer) -> Answer:
    return answer._replace(status=202) if answer.status == 200 else answer


def test_nothing_personal_leaves_the_vault_but_by_reveal(hearth: Hearth, profile: Any) -> None:
    number, mail = phone(), f"{CANARY.lower()}{new()}@example.com"
    contact = who(("phone", number), ("email", mail), name=CANARY)
    friend = phone()
    of = lead(contact, message=f"{CANARY} wants a flat", referrer=who(("phone", friend)))
    customer = customer_of(post(hearth, of))
    hearth.known(customer, 1)
    secrets = [text.encode() for text in (number, mail, CANARY, friend, f"+86{number}")]
    with hearth.database("profile") as database:
        for name in database.list_collection_names():
            raw = database.get_collection(name, bson.codec_options.CodecOptions(bson.raw_bson.RawBSONDocument))
            for document in raw.find():
                assert not [secret for secret in secrets if secret in document.raw], name
    message, *again = [m for m in journal(hearth) if headers_of(m).get("ce_id") == of["id"].encode()]
    assert all(copy.value() == message.value() for copy in again), "at least once, and the same each time"
    everything = (message.value(), message.key(), repr(message.headers()).encode())
    assert not [secret for secret in secrets for part in everything if secret in part]
    reference = json.loads(message.value())["message"]
    found = profile.Reveal(pb.RevealRequest(customer_id=customer, references=[reference], reason="a test asks"))
    assert [each.value for each in found.values] == [f"{CANARY} wants a flat"]
    assert not profile.Reveal(
        pb.RevealRequest(customer_id="other", references=[reference], reason="a test asks")
    ).values
    logs = b"".join(path.read_bytes() for path in hearth.log_dir.glob("*.log"))
    assert not [secret for secret in secrets if secret in logs]
