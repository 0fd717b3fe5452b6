"""Views made again and states folded again while facts arrive and people ask: nothing fails, and what was wrong is right."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from deploy.local import stack
from services.loyalty.domain.model import Account
from tests.journeys import intake
from tests.running import Hearth, running, until

SERVICES = ("profile", "leads", "loyalty", "service_tickets")
RATES = {True: 300, False: 20}
"""Events a second on the real engines, and on the embedded ones, whose database looks at a whole chain for one entity."""

PEOPLE = 30


@pytest.fixture(scope="module")
def hearth(engines: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Services of its own: some of what they hold is spoilt here."""
    with running(engines, tmp_path_factory.mktemp("again")) as one:
        yield one


@pytest.fixture(scope="module")
def people(hearth: Hearth) -> list[str]:
    """Customers with a visit each: 50 points."""
    found = [intake.post(hearth, intake.visit()) for _ in range(PEOPLE)]
    for customer in found:
        hearth.eventually(customer, active=50)
        hearth.known(customer, 1)
    hearth.wait_viewed("loyalty", 120)  # what is looked at and spoilt below are views
    return found


@pytest.fixture(scope="module")
def rate(request: pytest.FixtureRequest) -> int:
    """How many events a second arrive meanwhile."""
    return RATES[bool(request.config.getoption("--real"))]


class Asked(threading.Thread):
    """Events at a rate, each of somebody new, and somebody who asks for accounts; how each was answered. No more than five
    seconds' events are under way: a machine that takes fewer gets fewer, and has not minutes of them before it afterwards.
    """

    def __init__(self, hearth: Hearth, people: list[str], rate: int) -> None:
        super().__init__(daemon=True)
        self.hearth, self.people, self.rate = hearth, people, rate
        self.answers: Counter[int] = Counter()
        self.sent, self._ended = 0, threading.Event()

    def run(self) -> None:
        with self.hearth.database("loyalty") as database:
            begun, there = time.monotonic(), database["accounts"].estimated_document_count()
            while not self._ended.is_set():
                arrived = database["accounts"].estimated_document_count() - there
                wanted = min(self.rate * (time.monotonic() - begun), arrived + 5 * self.rate)
                while self.sent < wanted:
                    intake.produce_binary_soon(self.hearth, "crm.intake.visit", intake.visit())
                    self.sent += 1
                asked = self.people[sum(self.answers.values()) % PEOPLE]
                self.answers[self.hearth.http("loyalty", f"/v1/accounts/{asked}").status] += 1

    def end(self) -> None:
        """Stop asking."""
        self._ended.set()
        self.join(90)


@contextmanager
def asked(hearth: Hearth, people: list[str], rate: int) -> Iterator[Asked]:
    """While the block lasts events arrive and accounts are asked for; not one question fails."""
    one = Asked(hearth, people, rate)
    one.start()
    try:
        yield one
    finally:
        one.end()
    assert set(one.answers) == {200}
    assert one.sent > rate / 4


def again(hearth: Hearth, *arguments: str) -> dict[str, Any]:
    """What `hearth rebuild` or `hearth refold` says; told to repeat it, we do."""
    done = until(
        lambda: hearth.cli(*arguments, "--json"),
        lambda one: "deadline_exceeded" not in one.stderr,
        "an answer in time",
        240,  # what arrived meanwhile comes first
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_views_are_put_right_beside_everything(hearth: Hearth, people: list[str], rate: int) -> None:
    spoilt, lost, phantom = people[0], people[1], uuid.uuid4().hex
    with hearth.database("loyalty") as database:
        whole = database["accounts"].find_one({"_id": people[2]})
        before = {name: database["accounts"].find_one({"_id": name}) for name in (spoilt, lost)}
        database["accounts"].update_one({"_id": spoilt}, {"$set": {"due": None, "stray": 1, "state": b"\x00"}})
        database["accounts"].delete_one({"_id": lost})
        database["accounts"].insert_one({**whole, "_id": phantom})
        seen = again(hearth, "rebuild", "loyalty", "--dry-run")
        assert {spoilt, lost, phantom} <= set(seen["ids"])
        assert database["accounts"].find_one({"_id": lost}) is None
        with asked(hearth, people[3:] + people[3:6], rate):
            done = again(hearth, "rebuild", "loyalty")
        assert done["changed"] >= 3
        assert done["entities"] >= PEOPLE
        assert {name: database["accounts"].find_one({"_id": name}) for name in (spoilt, lost)} == before
        assert database["accounts"].find_one({"_id": phantom}) is None
    assert hearth.eventually(spoilt, active=50)


@pytest.mark.parametrize("service", SERVICES)
def test_folded_again_by_the_same_rules_nothing_differs(hearth: Hearth, people: list[str], service: str) -> None:
    found = again(hearth, "refold", service, "--dry-run")
    assert found["entities"] >= (PEOPLE if service in ("profile", "loyalty") else 0)
    assert found["changed"] == 0


def test_a_wrong_state_is_folded_right_and_made_known(hearth: Hearth, people: list[str], rate: int) -> None:
    """As if a rule had given 57 points for a while: the newest version and the view hold it."""
    wrong = people[4]
    with hearth.database("loyalty") as database:
        for collection, query in (("accounts", {"_id": wrong}), ("accounts.chain", {"e": wrong})):
            document = database[collection].find_one(query, sort=[("s", -1)])
            account = msgspec.msgpack.decode(document["state"], type=Account)
            richer = msgspec.structs.replace(account.balances, active=57)
            state = msgspec.msgpack.encode(msgspec.structs.replace(account, balances=richer))
            database[collection].update_one({"_id": document["_id"]}, {"$set": {"state": state}})
        assert hearth.account(wrong)["active"] == 57
        with asked(hearth, people, rate):
            done = again(hearth, "refold", "loyalty", "--run", "visits-mended")
        assert (done["changed"], done["ids"]) == (1, [wrong])
        until(lambda: hearth.account(wrong)["active"], lambda active: active == 50, "50 points")
        newest = database["accounts.chain"].find_one({"e": wrong}, sort=[("s", -1)])
        assert newest["s"] == 2
    assert again(hearth, "refold", "loyalty", "--run", "visits-mended")["changed"] == 0
    until(  # a view that follows its entity a moment later differs for that moment
        lambda: again(hearth, "rebuild", "loyalty", "--dry-run")["changed"],
        lambda changed: changed == 0,
        "no difference",
    )


def test_what_is_asked_wrongly_is_refused(hearth: Hearth) -> None:
    assert hearth.cli("refold", "nobody").returncode != 0
    assert "run is 1 to 50" in hearth.cli("refold", "loyalty", "--run", "a b").stderr
