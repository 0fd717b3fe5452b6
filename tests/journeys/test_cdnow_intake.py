"""Real input from outside: CDNOW's purchases on the topics of intake, one person in ten under two names, later linked.

A slice of the people on the embedded engines; the whole log on the real ones. The sums are those of the file, person by
person; every person is one cluster, every event one record of the journal.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Producer

from chassis.fold.model import Kind
from chassis.publish import SETTINGS
from chassis.store.documents import HeadReader
from deploy.local import cdnow, stack
from deploy.local.errors import LocalError
from services.loyalty.domain.model import Account
from services.profile.domain.model import Customer
from tests.journeys.test_cdnow import SIGNED, STRUCTURED, as_profile, described
from tests.oracles import cdnow as oracle
from tests.running import Hearth, headers_of, messages_of, running, until

DEALS, LINKS = "crm.intake.deal", "crm.intake.customer"


@pytest.fixture(scope="module")
def path() -> Path:
    """The file; a machine that cannot fetch it skips."""
    try:
        return cdnow.fetch()
    except LocalError as error:
        pytest.skip(str(error))


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_log(make_engines: Callable[..., stack.Engines], path: Path, tmp_path: Path) -> None:
    """69,579 purchases of 23,502 people: 139,158 events, and a link for each with two names."""
    replay(make_engines(), path, tmp_path, list(oracle.rows(path)), 3_000)


@pytest.mark.integration
@pytest.mark.timeout(1800)
def test_a_slice_of_the_log(engines: stack.Engines, path: Path, tmp_path: Path) -> None:
    """Every 46th person: about 1,500 purchases. The embedded database reads a chain by looking at all of them, so twice
    as many people take four times as long.
    """
    rows = [row for row in oracle.rows(path) if _number(row.customer) % 46 == 0]
    assert len(rows) > 1_250
    replay(engines, path, tmp_path, rows, 800)


def _number(person: str) -> int:
    return int(person.split("-")[1])


class Names(NamedTuple):
    """Who has a second name, and from which line of the file on it is used."""

    second: dict[str, int]

    def of(self, row: oracle.Row) -> dict[str, Any]:
        """The contact of a purchase."""
        return external(row.customer) if row.line >= self.second.get(row.customer, 1 << 40) else mail(row.customer)


def mail(person: str) -> dict[str, Any]:
    """A person by e-mail."""
    return {"identifiers": [{"type": "email", "value": f"{person}@cdnow.example"}]}


def external(person: str) -> dict[str, Any]:
    """A person by the shop's number."""
    return {"identifiers": [{"type": "external", "value": person, "issuer": "cdnow"}]}


def names_of(rows: list[oracle.Row]) -> Names:
    """Of the people who bought twice, every fourth gets a second name for the later half: one in ten of all."""
    bought: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.valid:
            bought[row.customer].append(row.line)
    several = sorted(person for person, lines in bought.items() if len(lines) > 1)
    return Names({person: bought[person][len(bought[person]) // 2] for person in several[::4]})


def events(rows: list[oracle.Row], names: Names) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Topic, key and event: each purchase's two facts, then the links."""
    for row in rows:
        for fact in oracle.facts(row):
            person = fact.pop("subject")
            yield DEALS, person, fact | {"data": fact["data"] | {"contact": names.of(row)}}
    last = {row.customer: row for row in rows}
    for person in names.second:
        head = oracle.facts(last[person])[0] | {"type": "crm.customer.linked.v1", "id": f"link-{person}"}
        del head["subject"]
        yield LINKS, person, head | {"data": {"contact": external(person), "same_as": mail(person)}}


def replay(engines: stack.Engines, path: Path, folder: Path, rows: list[oracle.Row], seconds: float) -> None:
    """Send everything, let four workers apply it, compare everybody."""
    names, people = names_of(rows), {row.customer for row in rows if row.valid}
    expected = {person: sums for person, sums in oracle.expected(path).items() if person in people}
    sent = list(events(rows, names))
    invalid = 2 * sum(not row.valid for row in rows)
    with running(engines, folder, "worker") as hearth:
        send(hearth, sent)
        resolved(hearth, len(sent) - invalid, seconds)
        applied(hearth, seconds)
        clusters = clusters_of(hearth, people)
        assert {person: len(roots) for person, roots in clusters.items()} == dict.fromkeys(people, 1)
        root = {person: next(iter(roots)) for person, roots in clusters.items()}
        assert len(set(root.values())) == len(people)
        customers = states(hearth, "profile", "customers", Customer)
        assert {p: described(customers[root[p]]) for p in people} == {p: as_profile(expected[p]) for p in people}
        accounts = states(hearth, "loyalty", "accounts", Account)
        assert {p: accounts[root[p]].balances.active for p in people} == {p: expected[p]["points"] for p in people}
        told = journal(hearth)
        assert told.keys() == {event["id"] for _, _, event in sent if event["id"] in told}
        assert len(told) == len(sent) - invalid
        assert all(len(forms) == 1 for forms in told.values())


def send(hearth: Hearth, sent: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Put events on the topics of intake."""
    producer = Producer({**SETTINGS, "bootstrap.servers": hearth.bootstrap, "queue.buffering.max.messages": 500_000})
    for topic, key, event in sent:
        value = json.dumps(event).encode()
        producer.produce(f"{hearth.namespace}.{topic}", value, key.encode(), headers=list(STRUCTURED))
        producer.poll(0)
    assert producer.flush(120) == 0


def resolved(hearth: Hearth, accepted: int, seconds: float) -> None:
    """Wait until every acceptable event is decided and in the journal."""
    with hearth.database("profile") as database:
        until(database["inbox"].estimated_document_count, lambda n: n == accepted, f"{accepted} accepted", seconds)
        until(lambda: database["links"].count_documents({"todo": 1}), lambda n: n == 0, "all merges told", seconds)
    for topic in (DEALS, LINKS):
        hearth.wait_viewed("profile", seconds, topic)


def applied(hearth: Hearth, seconds: float) -> None:
    """Wait until profile and loyalty have applied the journal, and what merged customers say to each other."""
    for service in ("profile", "loyalty"):
        hearth.wait_viewed(service, seconds)
        hearth.wait_viewed(service, seconds, f"crm.self.{service}")


def clusters_of(hearth: Hearth, people: set[str]) -> dict[str, set[str]]:
    """The customers, each by the name the person goes by now, that a person's purchases came to."""
    person_of = {f"line-{row.line}-signed": row.customer for row in oracle.rows(cdnow.fetch())}
    clusters: dict[str, set[str]] = defaultdict(set)
    with hearth.database("profile") as database:
        into = {edge["loser"]: edge["survivor"] for edge in database["links"].find({"kind": "edge"})}
        for row in database["inbox"].find({"type": SIGNED}, {"id": 1, "customer": 1}):
            customer = row["customer"]
            while customer in into:
                customer = into[customer]
            clusters[person_of[row["id"]]].add(customer)
    assert clusters.keys() == people
    return clusters


def states(hearth: Hearth, service: str, collection: str, state: type) -> dict[str, Any]:
    """Entity id → state, of all views of a collection that are not merged into another."""
    reader = HeadReader(Kind("any", collection, state, lambda _id: None, lambda _state: {}))
    with hearth.database(service) as database:
        heads = [reader.head(document["_id"], document) for document in database[collection].find({})]
    return {head.key.id: head.state for head in heads if head.ties.into is None}


def journal(hearth: Hearth) -> dict[str, set[tuple[bytes, bytes]]]:
    """Event id → what the journal has under it."""
    told: dict[str, set[tuple[bytes, bytes]]] = defaultdict(set)
    for message in messages_of(hearth.bootstrap, hearth.journal):
        headers = headers_of(message)
        if headers["ce_source"] == oracle.SOURCE.encode():
            told[headers["ce_id"].decode()].add((message.key(), message.value()))
    return told
