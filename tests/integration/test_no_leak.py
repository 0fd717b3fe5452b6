"""Nothing personal gets out: unusual words go in by every door, and are then looked for in all that Hearth keeps or says.

They may stand in `crm.intake.*`, where senders put them, and come back by Reveal. Nowhere else, in no encoding.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from deploy.local import stack
from hearth.profile.v1 import profile_pb2 as pb
from hearth.profile.v1.profile_pb2_grpc import ProfileServiceStub
from tests.integration.test_events import BATCH, CLOUDEVENT, customer_of, event, key, lead, new, post, send, visit, who
from tests.running import Answer, Hearth, headers_of, messages_of, request, running, until

NAME, PHONE, MAIL = "Quetzalina Zwölfkanari", "139 8765 4190", "quetzal.kanari@vogel.example"
TEXT, WECHAT, FRIEND = "天花板漏水quetzalwort", "oQuetzalKanari77Xy", "137 0190 5563"
BIRTHDAY, NUMBER = "--02-29", "11010519491231002X"
WORDS = ("quetzal", "zwölfkanari", "kanari", "天花板漏水", NUMBER, "13987654190", "13701905563", PHONE, FRIEND)
"""What is looked for, in small letters; all the values above have one of them in them."""


def forms(word: str) -> set[bytes]:
    """A word as it may stand somewhere, in small letters where the encoding has any."""
    plain = {word, json.dumps(word)[1:-1], "".join(f"%{byte:02x}" for byte in word.encode())}
    found = {text.encode() for text in plain} | {word.encode(f"utf-16-{end}") for end in ("le", "be")}
    return found | {word.encode().hex().encode()}


def base64_forms(word: str) -> set[bytes]:
    """The part of base64 that is the same whatever stands after the word, for each way it can begin."""
    forms = set()
    for before in range(3):
        raw = base64.b64encode(b"\0" * before + word.encode())
        forms.add(raw[-(-before * 8 // 6) : len(raw) // 4 * 4 - 4])
    return {form for form in forms if len(form) > 6}


PLAIN = {form for word in WORDS for form in forms(word.lower())}
CODED = {form for word in (NAME, PHONE, MAIL, TEXT, WECHAT, FRIEND) for form in base64_forms(word)}


def leaks(raw: bytes) -> list[bytes]:
    """The words in these bytes."""
    small = raw.lower()
    return [form for form in PLAIN if form in small] + [form for form in CODED if form in raw]


def test_the_search_finds_every_form() -> None:
    for value in (NAME, PHONE, MAIL, TEXT, WECHAT, FRIEND):
        for raw in (
            value.encode(),
            json.dumps(value).encode(),
            value.encode("utf-16-le"),
            base64.b64encode(b"a" + value.encode()),
        ):
            assert leaks(b"before " + raw + b" after"), (value, raw)
    assert not leaks(b"nothing of the kind")


@pytest.fixture(scope="module")
def told(engines: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Told]":
    """Services that log everything they can, after all that is in this file was sent to them."""
    with running(engines, tmp_path_factory.mktemp("leak"), HEARTH_LOG_LEVEL="debug") as hearth:
        told = Told(hearth)
        told.tell()
        yield told


SHE = who(("phone", PHONE), ("email", MAIL), ("wechat_openid", WECHAT), name=NAME)


def complaint(contact: Any, **more: Any) -> Any:
    """She complains, in her own words."""
    return event("crm.complaint.raised.v1", contact, channel="app", category="leak", text=TEXT, **more)


class Told:
    """What was sent, by which door, and everything that was answered."""

    def __init__(self, hearth: Hearth) -> None:
        self.hearth = hearth
        self.answers: list[Answer] = []
        self.statuses: list[tuple[str, bytes]] = []
        self.customer = ""
        self.said: list[str] = []

    def http(self, path: str, body: Any, service: str = "profile", **headers: Any) -> Answer:
        """Ask, and remember the answer."""
        self.answers.append(self.hearth.http(service, path, body=body, headers=headers.get("headers")))
        return self.answers[-1]

    def tell(self) -> None:
        """Everything, by every door."""
        self._events()
        self._segment()
        self._refused()
        self._merges()
        self._log()
        self._doors()
        self._grpc()
        self._admin()

    def _events(self) -> None:
        captured = lead(SHE, message=TEXT, referrer=who(("phone", FRIEND), name=NAME), campaign={"term": TEXT})
        raised = complaint(SHE, photos=[f"https://photos.example/{WECHAT}.jpg"])
        described = event(
            "crm.customer.described.v1", who(("wechat_openid", WECHAT)), birthday=BIRTHDAY, occupation=NAME,
            hobbies=[TEXT], family=[{"relation": "child", "name": NAME}], preferences=TEXT,
        )  # fmt: skip
        linked = event("crm.customer.linked.v1", who(("email", MAIL)), same_as=who(("id_number", NUMBER)))
        self.customer = customer_of(post(self.hearth, raised))
        answer = self.http("/v1/events", [captured, raised, described, linked], headers=BATCH)
        assert [each["status"] for each in answer.body["events"]] == ["accepted", "duplicate", "accepted", "accepted"]
        self.said = [captured["id"], raised["id"], described["id"], linked["id"]]
        changed = raised | {"data": raised["data"] | {"text": TEXT + TEXT}}
        assert self.http("/v1/events", changed, headers=CLOUDEVENT).status == 409
        headers = {f"ce-{name}": str(captured[name]) for name in ("specversion", "source", "id", "time")}
        binary = {**headers, "ce-type": "crm.quetzal.v1", "content-type": "application/json"}
        assert self.http("/v1/events", captured["data"], headers=binary).status >= 400

    def _segment(self) -> None:
        traits = {"phone": PHONE, "email": MAIL, "name": NAME, "title": NAME, "birthday": NAME}
        calls = [
            {"type": "identify", "messageId": new(), "userId": MAIL, "traits": {"phone": PHONE, "name": NAME}},
            {"type": "identify", "messageId": new(), "userId": MAIL, "traits": traits},
            {"type": "track", "messageId": new(), "userId": WECHAT, "event": TEXT, "properties": traits},
            {"type": "track", "messageId": new(), "userId": MAIL, "event": "Lead Captured", "properties": {NAME: TEXT}},
            {"type": "alias", "messageId": new(), "userId": PHONE, "previousId": MAIL},
            {"type": NAME, "messageId": new()},
        ]
        self.http("/v1/batch", {"batch": calls})
        for door in ("identify", "track", "alias"):
            self.http(f"/v1/{door}", {**calls[2], "traits": TEXT})
        self.http("/v1/batch", f"[{TEXT}".encode())

    def _refused(self) -> None:
        for bad in malformed():
            self.http("/v1/events", bad, headers=CLOUDEVENT)
            self.http("/v1/events", b"[" + bad + b"]", headers=BATCH)
        for type_ in ("phone", "email", "wechat_openid", NAME):
            for value in (PHONE, MAIL, TEXT, f"{WECHAT}?"):
                self.http("/v1/customers/search", {"type": type_, "value": value, "issuer": None})
        self.http("/v1/customers/search", {"type": "phone", NAME: TEXT, "value": [PHONE]})
        self.http("/v1/customers/search", f'{{"type": "phone", "value": "{NAME}'.encode())

    def _merges(self) -> None:
        other = customer_of(post(self.hearth, visit(who(("phone", FRIEND), name=NAME))))
        path = f"/v1/customers/{self.customer}"
        merged = self.http(f"{path}/merge", {"with": other}, headers=key())
        assert merged.status == 200, merged
        customer_of(post(self.hearth, complaint(who(("phone", FRIEND)))))
        customer_of(post(self.hearth, complaint(SHE)))
        undone = self.http(f"{path}/unmerge", {"merge_id": merged.body["merge_id"]}, headers=key())
        assert undone.status == 200, undone
        self.http(f"{path}/merge", {"with": PHONE}, headers=key())
        self.http(f"{path}/unmerge", {"merge_id": MAIL}, headers=key())

    def _log(self) -> None:
        """Good, malformed and conflicting records on the topics of intake, keyed by a phone; then dead ones again."""
        good = complaint(SHE)
        send(self.hearth, "crm.intake.complaint", json.dumps(good).encode(), *malformed(), key_=PHONE)
        other = good | {"data": good["data"] | {"text": TEXT * 2}}
        send(self.hearth, "crm.intake.complaint", json.dumps(other).encode(), key_=PHONE)
        for name in ("ce_type", "ce_id", "content-type", NAME):
            headers = {"ce_type": "crm.complaint.raised.v1", "content-type": "application/json", name: MAIL}
            send(self.hearth, "crm.intake.complaint", json.dumps(good["data"]).encode(), headers=headers, key_=MAIL)
        self.said.append(good["id"])
        self.hearth.wait_viewed("profile", 120, "crm.intake.complaint")
        with self.hearth.database("profile") as database:
            letters = [str(found["_id"]) for found in database["dead"].find({}, {"_id": 1})]
            assert len(letters) > 20
            for letter in letters[:3]:
                url = f"http://127.0.0.1:{self.hearth.service('profile').admin}/v1/dead/{letter}/redrive"
                self.answers.append(_request(url, {}))
            more = len(letters) + 3
            until(lambda: database["dead"].count_documents({}), lambda found: found == more, "dead again", 120)

    def _doors(self) -> None:
        """The other services' own doors, with what does not belong there."""
        asked = {"points": PHONE, NAME: TEXT}
        self.http(f"/v1/accounts/{self.customer}/holds", asked, "loyalty", headers=key())
        self.http(
            f"/v1/accounts/{self.customer}/holds",
            {"points": 1},
            "loyalty",
            headers={"idempotency-key": "ü"},
        )
        body = {
            "project_id": "P1",
            "channel": "call_centre",
            "customer_id": self.customer,
            "message": TEXT,
            NAME: PHONE,
        }
        self.http("/v1/leads", body, "leads", headers=key())
        self.http("/v1/leads", lead(SHE)["data"], "leads", headers=key())
        for service, path in (
            ("service_tickets", "/v1/tickets"),
            ("leads", "/v1/leads"),
            ("loyalty", "/v1/accounts/x"),
        ):
            self.http(f"{path}?cursor={WECHAT}&limit={WECHAT}&project_id={WECHAT}", None, service)
            self.http(path, {NAME: TEXT, "resolution": TEXT}, service, headers=key())

    def _grpc(self) -> None:
        with grpc.insecure_channel(self.hearth.service("profile").peer) as channel:
            profile = ProfileServiceStub(channel)
            named = (("idempotency-key", new()),)
            for call, request in (
                (profile.Search, pb.SearchRequest(type="phone", value=TEXT)),
                (profile.Search, pb.SearchRequest(type=NAME, value=MAIL)),
                (profile.Search, pb.SearchRequest(type="email", value=WECHAT + "@nowhere.example")),
                (profile.GetCustomer, pb.GetCustomerRequest(customer_id=PHONE)),
                (profile.GetCustomer, pb.GetCustomerRequest(customer_id=TEXT * 9)),
                (profile.Merge, pb.MergeRequest(customer_id=MAIL, **{"with": PHONE})),
                (profile.Unmerge, pb.UnmergeRequest(customer_id=self.customer, merge_id=MAIL)),
                (profile.Reveal, pb.RevealRequest(customer_id=NAME * 9, references=[TEXT], reason="a test asks")),
            ):
                with pytest.raises(grpc.RpcError) as refused:
                    call(request, metadata=named)
                details: Any = refused.value
                self.statuses.append((details.details(), repr(details.trailing_metadata()).encode()))

    def _admin(self) -> None:
        for service in self.hearth.services:
            for path in ("/metrics", "/v1/state", "/v1/dead", "/readyz", "/v1/clock"):
                self.answers.append(self.hearth.admin(service.name, path))
            self.answers.append(_request(f"http://127.0.0.1:{service.admin}/v1/clock", {"now": NAME}))
        for path in (f"/v1/events?source=/test&id={self.said[0]}", "/v1/events/latest?limit=20"):
            self.answers.append(self.hearth.http("profile", path))
        until(lambda: [self._applied(id_) for id_ in self.said], all, "all applied", 120)

    def _applied(self, id_: str) -> bool:
        places = self.hearth.http("profile", f"/v1/events?source=/test&id={id_}").body["services"].values()
        return {place["state"] for place in places} <= {"applied", "not_read"}


def _request(url: str, body: Any) -> Answer:
    return request(url, body, {}, "")


def malformed() -> list[bytes]:
    """Events with the words where they do not belong."""
    good = complaint(SHE)
    data = good["data"]
    changed: Iterable[Any] = (
        {"type": TEXT}, {"type": "crm.complaint.raised.v9"}, {"time": PHONE}, {"specversion": MAIL}, {NAME: TEXT},
        {"data": NAME}, {"data": [NAME]}, {"data": data | {NAME: TEXT}}, {"data": data | {"text": [TEXT]}},
        {"data": data | {"category": TEXT}}, {"data": data | {"severity": MAIL}}, {"data": data | {"case_id": {"a": NAME}}},
        {"data": data | {"contact": NAME}}, {"data": data | {"contact": who(("phone", TEXT))}},
        {"data": data | {"contact": who((NAME, PHONE))}}, {"data": data | {"contact": who(("email", NAME))}},
        {"data": data | {"contact": who(("id_number", WECHAT))}}, {"data": data | {"contact": {"customer_id": MAIL}}},
        {"data": data | {"contact": SHE | {NAME: PHONE}}}, {"data": data | {"photos": [MAIL]}},
    )  # fmt: skip
    cut = json.dumps(good).encode()[:-9]
    return [json.dumps(good | {"id": new()} | change).encode() for change in changed] + [
        cut, TEXT.encode("gb18030"), b"\xff" + NAME.encode(), f'"{NAME}"'.encode(), b"",
    ]  # fmt: skip


# ---- where nothing may be --------------------------------------------------------------------------------------------


def test_nothing_is_in_an_answer(told: Told) -> None:
    found = [(answer.status, answer.body) for answer in told.answers if leaks(repr(answer).encode())]
    assert not found
    assert len([answer for answer in told.answers if answer.status >= 400]) > 60
    assert not [status for status in told.statuses if leaks(status[0].encode()) or leaks(status[1])]


def test_nothing_is_in_a_topic_but_those_of_intake(told: Told) -> None:
    topics = AdminClient({"bootstrap.servers": told.hearth.bootstrap}).list_topics(timeout=60).topics
    ours = sorted(name for name in topics if name.startswith(told.hearth.namespace))
    wanted = {"crm.journal", "crm.self.service_tickets", "crm.fact.service_tickets", "crm.fact.leads"}
    for name in wanted:  # what a version makes known comes after it
        topic = f"{told.hearth.namespace}.{name}"
        until(lambda topic=topic: messages_of(told.hearth.bootstrap, topic), bool, f"something in {name}")
    seen = {name: messages_of(told.hearth.bootstrap, name) for name in ours}
    found = {
        (name, what)
        for name, messages in seen.items()
        for message in messages
        for what in (message.key(), message.value(), repr(message.headers()).encode())
        if what and leaks(what)
    }
    assert {name.removeprefix(f"{told.hearth.namespace}.") for name, _ in found} == {
        "crm.intake.complaint",
        "crm.intake.lead",
    }
    full = {name.removeprefix(f"{told.hearth.namespace}.") for name, messages in seen.items() if messages}
    assert full >= wanted


def test_nothing_is_in_a_log(told: Told) -> None:
    logs = list(told.hearth.log_dir.glob("*.log"))
    assert len(logs) >= 4
    found = [(path.name, line) for path in logs for line in lines(path) if leaks(line)]
    assert not found
    assert any(b'"level": "debug"' in path.read_bytes() for path in logs)


def lines(path: Path) -> list[bytes]:
    """The lines of a log."""
    return path.read_bytes().splitlines()


def test_nothing_is_in_a_database_in_clear_text(told: Told) -> None:
    """Profile's has blind indexes and sealed values, the others not even those."""
    options: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
    with MongoClient[Any](told.hearth.engines.mongo_url) as client:
        names = [name for name in client.list_database_names() if name.startswith(told.hearth.namespace)]
        assert len(names) == 4
        found = [
            (name, collection, leaks(bytes(document.raw)))
            for name in names
            for collection in client[name].list_collection_names()
            for document in client[name].get_collection(collection, options).find()
            if leaks(bytes(document.raw))
        ]
    assert not found


def test_reveal_gives_it_back(told: Told) -> None:
    """Her words, by the references that the journal has."""
    journal = messages_of(told.hearth.bootstrap, told.hearth.journal)
    raised = next(m for m in journal if headers_of(m).get("ce_id") == told.said[1].encode())
    reference = json.loads(raised.value())["text"]
    with grpc.insecure_channel(told.hearth.service("profile").peer) as channel:
        asked = pb.RevealRequest(customer_id=told.customer, references=[reference], reason="a test asks")
        assert [one.value for one in ProfileServiceStub(channel).Reveal(asked).values] == [TEXT]
