"""Whatever comes in: bad records become dead letters with a code, bad commands get a 4xx with a pointer; all else goes on."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from bson import encode as bson
from confluent_kafka import Producer
from pymongo import MongoClient

from chassis.fold.batch import record_of
from chassis.fold.model import Recorded
from chassis.seal import Seal, read_key
from chassis.store.documents import facts_of
from deploy.local import ports
from deploy.local.stack import Engines
from tests.contracts.records import binary, event
from tests.faults.cluster import Cluster, until

SECRET = "13800138000"
CUSTOMER = event()["subject"]
Record = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


def bad(value: bytes | None = None, **attributes: Any) -> Record:
    """The signed deal with other attributes or another value, the secret somewhere in it."""
    of = event() | {"id": "bad"} | attributes
    of["data"] = {**event()["data"], "note": SECRET, **attributes.get("data", {})}
    return binary({name: part for name, part in of.items() if part is not None}, value)


def without(field: str) -> Record:
    """The signed deal without a field of its data."""
    of = event() | {"id": "bad"}
    of["data"] = {name: part for name, part in of["data"].items() if name != field} | {"note": SECRET}
    return binary(of)


def null() -> Record:
    """A tombstone."""
    key, _, headers = bad()
    return key, None, headers


def keyed(key: bytes) -> Record:
    """The signed deal under another key."""
    _, value, headers = bad()
    return key, value, headers


def hollow(name: str) -> Record:
    """The signed deal with a header that has no value, as Kafka allows."""
    key, value, headers = bad()
    return key, value, [(header, None if header == name else text) for header, text in headers]  # type: ignore[misc]


CASES: dict[str, tuple[Callable[[], Record], str]] = {
    "not JSON": (lambda: bad(f"deal signed by {SECRET}".encode()), "not_json"),
    "not UTF-8": (lambda: bad(f'{{"deal_id": "{SECRET}\xff"}}'.encode("latin-1")), "not_utf8"),
    "unknown type": (lambda: bad(type="crm.deal.imagined.v1"), "unknown_type"),
    "a secret as type": (lambda: bad(type=f"crm.{SECRET}"), "unknown_type"),
    "unknown version": (lambda: bad(type="crm.deal.signed.v9"), "unknown_version"),
    "missing field": (lambda: without("price"), "missing_field"),
    "wrong type": (lambda: bad(data={"deal_id": int(SECRET)}), "wrong_type"),
    "money as float": (lambda: bad(data={"price": {"amount": 2000000.5, "currency": "CNY"}}), "wrong_type"),
    "time without zone": (lambda: bad(time="2026-03-09T06:30:00"), "invalid_field"),
    "null value": (null, "no_data"),
    "70 KiB": (lambda: bad(data={"note": SECRET * 6600}), "too_large"),
    "far future": (lambda: bad(time="2126-03-09T06:30:00Z"), "time_in_future"),
    "a key that is not the customer": (lambda: keyed(SECRET.encode()), "key_mismatch"),
    "no key": (lambda: keyed(b""), "key_mismatch"),
    "a type without value": (lambda: hollow("ce_type"), "not_utf8"),
    "an id without value": (lambda: hollow("ce_id"), "not_utf8"),
    "same id, other content": (lambda: bad(id="good-0", data={"unit_id": SECRET}), "conflict"),
}


def good(number: int) -> Record:
    """A signed deal, 2,000 points once it is paid."""
    of = event() | {"id": f"good-{number}"}
    of["data"] = {**of["data"], "deal_id": f"D{number}"}
    return binary(of)


@pytest.fixture(scope="module")
def running(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder, name = tmp_path_factory.mktemp("cluster"), f"badinput{uuid.uuid4().hex[:10]}"  # it may be built again
    cluster = Cluster(engines, name, folder, workers=1, profiles=1, apis=1)
    try:
        cluster.migrate()
        cluster.start()
        cluster.ready()
        yield cluster
        cluster.stop()
    finally:
        cluster.kill()


@pytest.fixture(scope="module")
def published(running: Cluster) -> dict[str, tuple[int, int]]:
    """All bad records among good ones, each bad one's place in the log; read when this returns."""
    producer = Producer(
        {"bootstrap.servers": running.engines.bootstrap, "partitioner": "murmur2_random", "message.max.bytes": 1 << 20}
    )
    places: dict[str, tuple[int, int]] = {}
    ends: dict[int, int] = {}

    def send(name: str, record: Record) -> None:
        def delivered(error: Any, message: Any) -> None:
            assert error is None, error
            places[name] = (message.partition(), message.offset())
            ends[message.partition()] = max(ends.get(message.partition(), 0), message.offset() + 1)

        key, value, headers = record
        place = {"partition": 1} if not key else {}
        producer.produce(running.journal, value, key or None, headers=headers, on_delivery=delivered, **place)

    for number, (name, (make, _)) in enumerate(CASES.items()):
        send(f"good-{number}", good(number))
        send(name, make())
    send("good-last", good(len(CASES)))
    of = event("crm.deal.payment_received.v1")
    send("paid", binary(of | {"id": "paid", "subject": CUSTOMER, "data": {**of["data"], "deal_id": "D0"}}))
    assert producer.flush(120) == 0
    with MongoClient[Any](running.engines.mongo_url) as client:
        for service in ("loyalty", "profile"):
            slots = running.database(client, service).slots
            until(
                lambda slots=slots: all(
                    (slots.find_one({"topic": running.journal, "partition": partition}) or {"settled": 0})["settled"]
                    >= end
                    for partition, end in ends.items()
                ),
                180,
                lambda: running.workers[0].process.report(),
            )
    return places


@pytest.mark.parametrize("service", ["loyalty", "profile"])
@pytest.mark.parametrize("name", CASES)
def test_a_bad_record_is_dead_with_its_code_and_nothing_personal_in_the_clear(
    running: Cluster, published: dict[str, tuple[int, int]], service: str, name: str
) -> None:
    partition, offset = published[name]
    with MongoClient[Any](running.engines.mongo_url) as client:
        database = running.database(client, service)
        slot = database.slots.find_one({"topic": running.journal, "partition": partition})
        dead = database.dead.find_one({"_id": f"{slot['_id']}@{offset}"})
    assert dead is not None
    assert dead["code"] == CASES[name][1]
    assert SECRET.encode() not in bson(dead)
    _, value, _ = CASES[name][0]()
    key = read_key(Path(running.environment()["HEARTH_KEK_FILE"]))
    assert record_of(Seal(key).open(dead["payload"]))[1] == value


@pytest.mark.parametrize("service", ["loyalty", "profile"])
def test_nothing_else_is_lost_and_the_partition_goes_on(
    running: Cluster, published: dict[str, tuple[int, int]], service: str
) -> None:
    collection = {"loyalty": "accounts", "profile": "customers"}[service]
    with MongoClient[Any](running.engines.mongo_url) as client:
        database = running.database(client, service)
        applied: list[Recorded] = [  # what came by the log, not what other tests here ask for at the doors
            fact
            for version in database[f"{collection}.chain"].find({"e": CUSTOMER})
            for fact in facts_of(version)
            if fact.slot
        ]
        assert sorted(fact.id for fact in applied) == sorted(
            ["paid", *(f"good-{number}" for number in range(len(CASES) + 1))]
        )
        assert database.dead.count_documents({}) == len(CASES)
    state = next(m for m in running.members if m.service == service and m.role == "worker").ask(seconds=60)
    assert state is not None
    assert not any(lane["stopped_by"] for lane in state["lanes"].values())


# ---- the HTTP door ---------------------------------------------------------------------------------------------------


@pytest.fixture
def door(running: Cluster, published: dict[str, tuple[int, int]]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{ports.LOOPBACK}:{running.apis[0].http}", timeout=60) as client:
        yield client


HOLDS = f"/v1/accounts/{CUSTOMER}/holds"


def refused(answer: httpx.Response, status: int, code: str, pointer: str = "") -> None:
    """The answer is a problem document with this code, and points at what is wrong."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code
    assert SECRET not in answer.text
    if pointer:
        assert [error["pointer"] for error in body["errors"]] == [pointer]


def test_a_command_needs_an_idempotency_key(door: httpx.Client) -> None:
    refused(door.post(HOLDS, json={"points": 1}), 400, "idempotency_key_missing")


@pytest.mark.parametrize("points", [-5, 0, 1.5, "7", None, 10**13, True])
def test_points_are_a_positive_whole_number(door: httpx.Client, points: Any) -> None:
    answer = door.post(HOLDS, json={"points": points}, headers={"Idempotency-Key": "points"})
    refused(answer, 422, "invalid_request", "/points")


def test_an_unknown_field_is_refused(door: httpx.Client) -> None:
    answer = door.post(HOLDS, json={"points": 1, "note": SECRET}, headers={"Idempotency-Key": "field"})
    refused(answer, 422, "invalid_request")
    assert answer.json()["errors"] == [
        {"pointer": "", "code": "extra_forbidden", "detail": answer.json()["errors"][0]["detail"]}
    ]
    assert "note" not in answer.text  # a name that a sender made up may say anything


def test_a_body_that_is_no_json_is_refused(door: httpx.Client) -> None:
    answer = door.post(
        HOLDS, content=f"{SECRET}{{", headers={"Idempotency-Key": "text", "Content-Type": "application/json"}
    )
    refused(answer, 422, "invalid_request")


def test_an_unknown_account_is_refused(door: httpx.Client) -> None:
    answer = door.post("/v1/accounts/nobody/holds", json={"points": 1}, headers={"Idempotency-Key": "nobody"})
    refused(answer, 404, "unknown_account")


def test_an_unknown_hold_is_refused(door: httpx.Client) -> None:
    refused(door.post(f"{HOLDS}/none/capture", headers={"Idempotency-Key": "none"}), 404, "unknown_hold", "/hold_id")


def test_a_body_of_70_kib_is_refused(door: httpx.Client) -> None:
    body = json.dumps({"points": 1, "note": "x" * 71_680})
    answer = door.post(HOLDS, content=body, headers={"Idempotency-Key": "large", "Content-Type": "application/json"})
    refused(answer, 413, "body_too_large")


def test_more_than_there_is_is_refused(door: httpx.Client) -> None:
    answer = door.post(HOLDS, json={"points": 10**9}, headers={"Idempotency-Key": "much"})
    refused(answer, 409, "insufficient_points", "/points")


def test_the_same_key_answers_the_same_and_refuses_another_request(door: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    first, again = (door.post(HOLDS, json={"points": 3}, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 201, first.text
    assert first.json() == again.json()
    refused(door.post(HOLDS, json={"points": 4}, headers=key), 422, "idempotency_key_reused")


def test_a_stale_version_is_refused(door: httpx.Client) -> None:
    """A hold of another test may run out at any moment here, which makes a version too: then the account is read again."""
    for attempt in range(20):
        version = door.get(f"/v1/accounts/{CUSTOMER}").headers["etag"]
        fresh = {"Idempotency-Key": f"fresh-{attempt}", "If-Match": version}
        made = door.post(HOLDS, json={"points": 1}, headers=fresh)
        if made.status_code != 412:
            break
    assert made.status_code == 201, made.text
    stale = door.post(HOLDS, json={"points": 1}, headers={"Idempotency-Key": "stale", "If-Match": version})
    refused(stale, 412, "precondition_failed")
    wrong = door.post(HOLDS, json={"points": 1}, headers={"Idempotency-Key": "odd", "If-Match": SECRET})
    refused(wrong, 400, "if_match_invalid")
