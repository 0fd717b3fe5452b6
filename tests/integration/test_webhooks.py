"""Webhooks end to end: facts of the running services, posted to a receiver of ours and checked by another implementation."""

import http.server
import json
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from deploy.local import stack
from tests.journeys import intake
from tests.running import Answer, Hearth, running, until

VISIT = "crm.visit.completed.v1"


class Receiver:
    """Somebody's server: `says[path]` answers a message with a status, or a status and headers; 200 where nothing is said."""

    def __init__(self) -> None:
        self.got: dict[str, list[tuple[dict[str, str], bytes]]] = defaultdict(list)
        self.says: dict[str, Callable[[Any], Any]] = {}
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                said = receiver.says.get(self.path, lambda _event: 200)(json.loads(body))
                status, more = said if isinstance(said, tuple) else (said, {})
                receiver.got[self.path].append((headers, body))
                self.send_response(status)
                for name, value in {"content-length": "0", **more}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def events(self, path: str) -> list[dict[str, Any]]:
        """What came to a path, in order of arrival."""
        return [json.loads(body) for _, body in list(self.got[path])]

    def ids(self, path: str) -> list[str]:
        """The visits that came to a path."""
        return [event["data"]["visit_id"] for event in self.events(path) if event["type"] == VISIT]

    def stop(self) -> None:
        """Close it."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A receiver."""
    one = Receiver()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def house(engines: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Services that may post to this machine."""
    folder, only = tmp_path_factory.mktemp("webhooks"), ("profile", "loyalty")
    with running(engines, folder, only=only, HEARTH_WEBHOOK_NETWORKS="127.0.0.0/8") as hearth:
        yield hearth


def subscribe(hearth: Hearth, url: str, *types: str, key: str = "") -> Answer:
    """Ask for facts."""
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    return hearth.http("profile", "/v1/webhooks", body={"url": url, "types": list(types or [VISIT])}, headers=headers)


def webhook(hearth: Hearth, url: str, *types: str) -> dict[str, Any]:
    """A new webhook."""
    made = subscribe(hearth, url, *types)
    assert made.status == 201, made
    return made.body


def visits(hearth: Hearth, number: int, phone: str = "") -> tuple[str, list[str]]:
    """Somebody comes several times; the customer, and the visits in order."""
    phone = phone or f"13{uuid.uuid4().int % 10**9:09}"
    told = [intake.visit() for _ in range(number)]
    for each in told:
        each["data"]["contact"]["identifiers"][0]["value"] = phone
    customers = {intake.post(hearth, each) for each in told}
    assert len(customers) == 1
    return customers.pop(), [each["data"]["visit_id"] for each in told]


def known(hearth: Hearth, receiver: Receiver, path: str) -> None:
    """Wait until the worker knows a webhook, and nothing of this is under way any more: tell of somebody's visits, one now
    and then, until the last one has arrived. They are one queue: those before it have come, or never will.
    """
    told, phone = list[str](), f"13{uuid.uuid4().int % 10**9:09}"

    def look() -> bool:
        if not told or (time.monotonic() > look.next and not set(told) & set(receiver.ids(path))):
            look.next = time.monotonic() + 2
            told.append(visits(hearth, 1, phone)[1][0])
        return told[-1] in receiver.ids(path)

    look.next = 0.0
    until(look, bool, f"something at {path}", 120)


def deliveries(hearth: Hearth, webhook_id: str, state: str = "") -> list[dict[str, Any]]:
    """What a webhook has to show."""
    return hearth.http("profile", f"/v1/webhooks/{webhook_id}/deliveries?limit=200&state={state}").body["items"]


def test_facts_are_signed_and_arrive_in_order(house: Hearth, receiver: Receiver) -> None:
    made = webhook(house, f"{receiver.url}/a", VISIT, "crm.points.earned.v1")
    known(house, receiver, "/a")
    customer, told = visits(house, 5, phone := f"13{uuid.uuid4().int % 10**9:09}")
    until(lambda: mine(receiver, "/a", customer, VISIT), lambda found: found == told, str(told))
    until(lambda: len(mine(receiver, "/a", customer, "crm.points.earned.v1")), lambda n: n >= 1, "points, too")
    got = list(receiver.got["/a"])
    for headers, body in got:
        assert Webhook(made["secret"]).verify(body, headers)["specversion"] == "1.0"
        assert headers["content-type"] == "application/cloudevents+json"
    assert len({headers["webhook-id"] for headers, _ in got}) == len({body for _, body in got}), "one id for each fact"
    assert phone.encode() not in b"".join(body for _, body in got)


def mine(receiver: Receiver, path: str, customer: str, type_: str) -> list[str]:
    """What came about a customer, each once and in the order in which it came first: the visits. A message may come more
    than once, when the answer to it was slow.
    """
    found = [event for event in receiver.events(path) if event["subject"] == customer and event["type"] == type_]
    return list(dict.fromkeys(event["data"].get("visit_id", event["id"]) for event in found))


def test_a_failing_message_holds_up_its_customer_only(house: Hearth, receiver: Receiver) -> None:
    bad: list[str] = []
    receiver.says["/b"] = lambda event: 500 if event["subject"] in bad else 200
    made = webhook(house, f"{receiver.url}/b")
    known(house, receiver, "/b")
    customer, first = visits(house, 1, phone := f"13{uuid.uuid4().int % 10**9:09}")
    path = f"/v1/webhooks/{made['webhook_id']}/deliveries"
    until(lambda: deliveries(house, made["webhook_id"], "waiting"), lambda left: not left, "nothing waits")
    until(lambda: mine(receiver, "/b", customer, VISIT), lambda found: found == first, "the first")
    bad.append(customer)
    _, later = visits(house, 3, phone)
    other, others = visits(house, 2)
    until(lambda: mine(receiver, "/b", other, VISIT), lambda found: found == others, "the other customer's")
    until(
        lambda: [each["customer_id"] for each in deliveries(house, made["webhook_id"], "waiting")],
        lambda waiting: waiting == [customer] * 3,
        "all three wait",
    )
    until(lambda: mine(receiver, "/b", customer, VISIT), lambda found: found == [*first, later[0]], "the failing one")
    bad.clear()
    for failing in deliveries(house, made["webhook_id"], "waiting")[:1]:
        if failing["attempts"] > 1:  # this took longer than the first pause of five seconds; the next one is minutes
            assert house.http("profile", f"{path}/{failing['message_id']}/retry", method="POST").status == 202
    until(lambda: mine(receiver, "/b", customer, VISIT), lambda found: found == [*first, *later], "all, in order")
    assert receiver.ids("/b").count(later[0]) > 1, "it came again"


def test_gone_disables_and_enabling_sends_what_waited(house: Hearth, receiver: Receiver) -> None:
    made = webhook(house, f"{receiver.url}/c")
    known(house, receiver, "/c")
    receiver.says["/c"] = lambda _event: 410
    visits(house, 1)
    path = f"/v1/webhooks/{made['webhook_id']}"
    gone = until(lambda: house.http("profile", path).body, lambda found: found["state"] == "disabled", "disabled")
    assert "410" in gone["reason"]
    came = len(receiver.got["/c"])
    customer, told = visits(house, 2)
    until(lambda: len(deliveries(house, made["webhook_id"], "waiting")), lambda n: n >= 3, "they wait")
    assert len(receiver.got["/c"]) == came
    del receiver.says["/c"]
    assert house.http("profile", f"{path}/enable", method="POST").body["state"] == "enabled"
    until(lambda: mine(receiver, "/c", customer, VISIT), lambda found: found == told, "what waited")


def test_a_redirect_is_not_followed(house: Hearth, receiver: Receiver) -> None:
    made = webhook(house, f"{receiver.url}/d")
    known(house, receiver, "/d")
    receiver.says["/d"] = lambda _event: (302, {"location": f"{receiver.url}/elsewhere"})
    customer, _ = visits(house, 1)
    failing = until(
        lambda: [each for each in deliveries(house, made["webhook_id"]) if each["customer_id"] == customer],
        lambda found: found[0]["status"] == 302,
        "302",
    )
    assert failing[0]["state"] == "waiting", "it is sent again later"
    assert not receiver.got["/elsewhere"]
    assert house.http("profile", f"/v1/webhooks/{made['webhook_id']}", method="DELETE").status == 204
    assert house.http("profile", f"/v1/webhooks/{made['webhook_id']}").status == 404


def test_secrets_are_replaced_without_a_gap(house: Hearth, receiver: Receiver) -> None:
    made = webhook(house, f"{receiver.url}/e")
    new = house.http("profile", f"/v1/webhooks/{made['webhook_id']}/rotate", method="POST").body["secret"]
    known(house, receiver, "/e")
    headers, body = receiver.got["/e"][-1]
    assert Webhook(new).verify(body, headers)
    assert Webhook(made["secret"]).verify(body, headers)
    assert "secret" not in house.http("profile", f"/v1/webhooks/{made['webhook_id']}").body


def test_a_message_can_be_sent_once_more(house: Hearth, receiver: Receiver) -> None:
    made = webhook(house, f"{receiver.url}/f")
    known(house, receiver, "/f")
    (done, *_) = until(lambda: deliveries(house, made["webhook_id"], "delivered"), bool, "delivered")
    path = f"/v1/webhooks/{made['webhook_id']}/deliveries"
    assert house.http("profile", f"{path}/{done['message_id']}/retry", method="POST").status == 202
    until(
        lambda: [headers["webhook-id"] for headers, _ in receiver.got["/f"]].count(done["message_id"]),
        lambda times: times >= 2,
        "twice",
    )
    assert house.http("profile", f"{path}/nothing/retry", method="POST").body["code"] == "unknown_delivery"


def test_asking_twice_makes_one(house: Hearth, receiver: Receiver) -> None:
    key = uuid.uuid4().hex
    first, again = (subscribe(house, f"{receiver.url}/g", key=key) for _ in range(2))
    assert first.body == again.body
    other = subscribe(house, f"{receiver.url}/h", key=key)
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    assert subscribe(house, f"{receiver.url}/g", "crm.no.such.v1").body["code"] == "unsubscribable_type"
    missing = house.http("profile", "/v1/webhooks", body={"url": receiver.url, "types": [VISIT]})
    assert missing.body["code"] == "idempotency_key_missing"


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest/meta-data/", "https://localhost/", "https://127.0.0.1/", "http://example.com/"],
)
def test_no_webhook_leads_inside(hearth: Hearth, url: str) -> None:
    """The services as they are shipped: nothing of this machine or its neighbours may be posted to."""
    refused = subscribe(hearth, url)
    assert (refused.status, refused.body["code"]) == (422, "webhook_url_refused")
    assert refused.body["errors"][0]["pointer"] == "/url"


def test_nothing_is_lost_when_the_worker_is_killed(engines: stack.Engines, receiver: Receiver, tmp_path: Path) -> None:
    """At least once, whatever dies: every visit arrives, those of a customer in order of their first arrival."""
    receiver.says["/k"] = lambda _event: time.sleep(0.02) or 200
    with running(engines, tmp_path, only=("profile",), HEARTH_WEBHOOK_NETWORKS="127.0.0.0/8") as hearth:
        webhook(hearth, f"{receiver.url}/k")
        known(hearth, receiver, "/k")
        people = [visits(hearth, 6) for _ in range(4)]
        until(lambda: len(receiver.got["/k"]), lambda n: n >= 10, "some")
        number = next(n for n, each in enumerate(hearth.services) if each.name == "profile")
        hearth.running[number].kill()
        hearth.running[number] = hearth.process_of(hearth.services[number])
        hearth.running[number].spawn()
        for customer, told in people:
            until(lambda c=customer: set(mine(receiver, "/k", c, VISIT)), lambda f, t=told: f == set(t), str(told), 180)
            first = dict.fromkeys(mine(receiver, "/k", customer, VISIT))
            assert list(first) == told
