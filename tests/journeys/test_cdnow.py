"""Real input: every purchase of the CDNOW log as a signed deal paid in full, against sums made straight from the file.

The whole file on the real engines; a sample of its people on the embedded ones.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chassis.fold.model import Kind
from chassis.store.documents import HeadReader
from deploy.local import cdnow, stack
from deploy.local.errors import LocalError
from services.loyalty.domain.model import Account
from services.profile.domain.model import Customer
from tests.oracles import cdnow as oracle
from tests.running import Hearth, running

SIGNED, PAID = "crm.deal.signed.v1", "crm.deal.payment_received.v1"
STRUCTURED = [("content-type", b"application/cloudevents+json")]


@pytest.fixture(scope="module")
def path() -> Path:
    """The file; a machine that cannot fetch it skips."""
    try:
        return cdnow.fetch()
    except LocalError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def make_engines_once(make_engines: Callable[..., stack.Engines]) -> stack.Engines:
    """Engines that hold nothing else."""
    return make_engines()


@pytest.mark.real
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "shuffled with 5 % duplicates"])
def test_the_whole_log(make_engines_once: stack.Engines, path: Path, tmp_path: Path, shuffled: bool) -> None:
    """69,579 purchases of 23,502 people, 80 rows that are no purchase."""
    replay(make_engines_once, path, tmp_path, lambda row: True, shuffled, seconds=300)


@pytest.mark.integration
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "shuffled with 5 % duplicates"])
def test_a_sample_of_the_log(engines: stack.Engines, path: Path, tmp_path: Path, shuffled: bool) -> None:
    """Every 35th person, and everybody with a row that is no purchase: about 2,000 rows."""
    invalid = {row.customer for row in oracle.rows(path) if not row.valid}
    sample = {row.customer for row in oracle.rows(path) if int(row.customer.split("-")[1]) % 35 == 0} | invalid
    replay(engines, path, tmp_path, lambda row: row.customer in sample, shuffled, seconds=300)


def replay(
    engines: stack.Engines,
    path: Path,
    folder: Path,
    chosen: Callable[[oracle.Row], bool],
    shuffled: bool,
    seconds: float,
) -> None:
    """Publish the chosen rows, let two worker processes apply them, compare everybody and every dead letter."""
    rows = [row for row in oracle.rows(path) if chosen(row)]
    expected = oracle.expected(path)
    expected = {row.customer: expected[row.customer] for row in rows if row.customer in expected}
    with running(engines, folder, "worker") as hearth:
        hearth.publish([record(fact) for fact in delivered(rows, shuffled)])
        for service in ("profile", "loyalty"):
            hearth.wait_viewed(service, seconds)
        assert profile_says(hearth) == {who: as_profile(person) for who, person in expected.items()}
        assert loyalty_says(hearth) == {who: person["points"] for who, person in expected.items()}
        for service in ("profile", "loyalty"):
            assert dead(hearth, service) == {"invalid_field": 2 * sum(not row.valid for row in rows)}
            duplicates = hearth.admin(service, "/v1/state").body["counts"]["duplicate"]
            assert duplicates >= (2 * sum(row.valid for row in rows) // 20 if shuffled else 0)


def delivered(rows: list[oracle.Row], shuffled: bool) -> list[dict[str, Any]]:
    """The facts of all rows; shuffled: in any order, one in twenty of the acceptable ones twice."""
    facts = [fact for row in rows for fact in oracle.facts(row)]
    if shuffled:
        dice = random.Random(20)
        good = [fact for row in rows if row.valid for fact in oracle.facts(row)]
        facts += dice.sample(good, len(good) // 20)
        dice.shuffle(facts)
    return facts


def record(fact: dict[str, Any]) -> tuple[str, bytes, list[tuple[str, bytes]]]:
    """A fact as structured CloudEvent, keyed by its customer."""
    return fact["subject"], json.dumps(fact).encode(), STRUCTURED


def as_profile(person: dict[str, Any]) -> dict[str, Any]:
    """What the oracle says of a person, in profile's terms."""
    both = {"deals": person["deals"], "total": person["total"], "first": person["first"], "last": person["last"]}
    return {SIGNED: both, PAID: both}


def profile_says(hearth: Hearth) -> dict[str, dict[str, Any]]:
    """Customer → counts, totals, first and last dates, out of the views."""
    return {who: described(customer) for who, customer in states(hearth, "profile", "customers", Customer)}


def described(customer: Customer) -> dict[str, Any]:
    """What a customer signed and paid."""
    totals = {SIGNED: customer.totals["signed"], PAID: customer.totals["paid"]}
    return {
        name: {
            "deals": kind.count,
            "total": Decimal(totals[name].amount),
            "first": kind.first.time,
            "last": kind.last.time,
        }
        for name, kind in customer.kinds.items()
        if name in totals
    }


def loyalty_says(hearth: Hearth) -> dict[str, int]:
    """Customer → active points, out of the views; nothing is pending, held or owed."""
    found = dict(states(hearth, "loyalty", "accounts", Account))
    assert not [who for who, account in found.items() if account.balances.pending or account.balances.held]
    assert not [who for who, account in found.items() if account.owed]
    return {who: account.balances.active for who, account in found.items()}


def states(hearth: Hearth, service: str, collection: str, state: type) -> Iterator[tuple[str, Any]]:
    """Entity id → state, of all views of a collection."""
    reader = HeadReader(Kind("any", collection, state, lambda _id: None, lambda _state: {}))
    with hearth.database(service) as database:
        for document in database[collection].find({}, batch_size=5_000):
            yield document["_id"], reader.head(document["_id"], document).state


def dead(hearth: Hearth, service: str) -> Counter[str]:
    """Dead letters by code."""
    with hearth.database(service) as database:
        return Counter(letter["code"] for letter in database["dead"].find({}, {"code": 1}))
