"""Apache Kafka and the database with users and roles: each service does all its work with its rights, and nothing else."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from contracts.catalog import ALL, TOPICS
from contracts.topics import named
from deploy import acls, roles
from deploy.local import identity, ports, stack
from hearth.cli.story import BEGIN
from tests.integration.secured import ADMIN, MECHANISM, SENDERS, Guarded, SecuredDatabase, SecuredKafka, password
from tests.journeys import intake
from tests.running import until

pytestmark = [pytest.mark.integration, pytest.mark.real]

UNAUTHORIZED = 13


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secured")


@pytest.fixture(scope="module")
def broker(place: Path) -> Iterator[SecuredKafka]:
    certificates = identity.certificates(place / "certificates")
    broker = SecuredKafka(ports.free_ports(1)[0], place / "kafka", place / "log", certificates)
    yield from started(broker)


@pytest.fixture(scope="module")
def database(place: Path) -> Iterator[SecuredDatabase]:
    yield from started(SecuredDatabase(ports.free_ports(1)[0], place / "database", place / "log"))


def started(engine: Any) -> Iterator[Any]:
    try:
        engine.start()
        yield engine
    finally:
        engine.kill()


@pytest.fixture(scope="module")
def guarded(broker: SecuredKafka, database: SecuredDatabase, place: Path) -> Iterator[Guarded]:
    database.begin()
    theirs = stack.Engines(f"127.0.0.1:{broker.secured}", database.url_of(ADMIN), None, None)
    made = {"broker": broker, "database": database, "secrets": place / "certificates"}
    hearth = Guarded(
        theirs, place / "hearth", "all", {"HEARTH_CLOCK": BEGIN, "HEARTH_WEBHOOK_NETWORKS": "127.0.0.0/8"}, **made
    )
    broker.admit(SENDERS, acls.rights_of_senders(hearth.namespace))
    for service in ALL:
        broker.admit(service, acls.rights_of(service, hearth.namespace, creates=True))
        database.admit(service, hearth.namespace)
    try:
        hearth.start()
        yield hearth
    finally:
        hearth.stop()


def test_every_service_does_its_work_with_its_own_rights(guarded: Guarded) -> None:
    checked = guarded.cli("story", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for service in ALL:
        found = guarded.admin(service, "/v1/checks").body["findings"]
        assert {each["code"] for each in found} <= {"clock_moved"}, found


def test_repairs_and_what_people_ask_need_no_more(guarded: Guarded, broker: SecuredKafka) -> None:
    """Dead letters are changed and sent again, views and states made anew, webhooks come and go, the log is read."""
    event = intake.visit() | {"type": "crm.visit.completed.v9"}
    assert written(guarded, broker, SENDERS, "crm.intake.visit", event) == 0
    (letter,) = until(lambda: guarded.admin("profile", "/v1/dead").body["items"], bool, "a dead letter")
    for words in (
        ["dead", "show", "profile", letter["id"]],
        ["dead", "redrive", "--code", letter["code"], "--dry-run"],
        ["dead", "redrive", "--code", letter["code"]],
        *(["rebuild", service] for service in ALL),
        *(["refold", service] for service in ALL),
        ["audit", "verify"],
        ["doctor"],
    ):
        done = guarded.cli(*words)
        assert "authorized" not in done.stdout + done.stderr, (words, done.stdout, done.stderr)
        assert done.returncode == 0 or words == ["doctor"], (words, done.stdout, done.stderr)


def test_webhooks_need_no_more(guarded: Guarded) -> None:
    """Made, tried where nobody listens, shown, sent again, taken away."""
    place = f"http://127.0.0.1:{ports.free_ports(1)[0]}/"
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"url": place, "types": ["crm.visit.completed.v1"]}
    made = guarded.http("profile", "/v1/webhooks", body=body, headers=key)
    assert made.status == 201, made
    own = f"/v1/webhooks/{made.body['webhook_id']}"

    def tried() -> list[dict[str, Any]]:
        intake.post(guarded, intake.visit(time=BEGIN))
        found = guarded.http("profile", f"{own}/deliveries?limit=200").body["items"]
        return [each for each in found if each["attempts"]]

    first = until(tried, bool, "an attempt to deliver", 120)[0]
    retried = guarded.http("profile", f"{own}/deliveries/{first['message_id']}/retry", method="POST")
    assert retried.status < 500, retried
    assert guarded.http("profile", own, method="DELETE").status == 204


@pytest.mark.parametrize("service", ALL)
def test_nobody_touches_what_is_not_theirs_or_is_written_for_good(
    guarded: Guarded, database: SecuredDatabase, service: str
) -> None:
    names = {each: roles.database_of(each, guarded.namespace) for each in ALL}
    with MongoClient[Any](database.url_of(service)) as client:
        own = client[names[service]]
        chain = roles.ENTITIES[service] + ".chain"
        assert own[chain].find_one() is not None
        acts: dict[str, Callable[[], Any]] = {
            "removes a version": lambda: own[chain].delete_one({}),
            "changes the audit log": lambda: own["audit"].update_one({}, {"$set": {"who": "nobody"}}),
            "cuts the audit log": lambda: own["audit"].delete_many({}),
            "drops a collection": lambda: own["audit"].drop(),
            "drops its database": lambda: client.drop_database(own.name),
            "makes a user": lambda: client.admin.command("createUser", "x", pwd="x", roles=["root"]),
            "makes a collection": lambda: own["more"].insert_one({}),
        }
        for other in set(ALL) - {service}:
            theirs = client[names[other]]
            acts[f"reads {other}"] = lambda theirs=theirs: theirs["slots"].find_one()
            acts[f"writes to {other}"] = lambda theirs=theirs: theirs["slots"].insert_one({})
        allowed = [what for what, act in acts.items() if code_of(act) != UNAUTHORIZED]
    assert allowed == []


def code_of(act: Callable[[], Any]) -> int:
    """The code with which the database refuses; 0 if it does not."""
    try:
        act()
    except OperationFailure as error:
        return error.code or -1
    return 0


def test_a_stranger_is_not_let_in(database: SecuredDatabase, guarded: Guarded) -> None:
    for url in (database.url, database.url_of("leads").replace(password("leads"), "guessed")):
        with MongoClient[Any](url) as client, pytest.raises(OperationFailure):
            client[roles.database_of("leads", guarded.namespace)]["slots"].find_one()


@pytest.mark.parametrize("user", [*ALL, SENDERS])
def test_nobody_writes_where_they_have_no_right(guarded: Guarded, broker: SecuredKafka, user: str) -> None:
    rights = acls.rights_of_senders() if user == SENDERS else acls.rights_of(user)
    allowed = {each.name for each in rights if "Write" in each.operations}
    refused = {name: written(guarded, broker, user, name) for name in TOPICS if name not in allowed}
    assert len(refused) >= 3
    assert set(refused.values()) == {KafkaError.TOPIC_AUTHORIZATION_FAILED}, refused


def written(guarded: Guarded, broker: SecuredKafka, user: str, topic: str, event: dict[str, Any] | None = None) -> int:
    """The error's code with which a record is refused; 0 if it is taken."""
    codes: list[int] = []
    producer = Producer(settings_of(guarded, broker, user, password(user)))
    value = b"x" if event is None else json.dumps(event).encode()
    producer.produce(
        named(topic, guarded.namespace),
        value,
        headers=[("content-type", b"application/cloudevents+json")] if event else None,
        on_delivery=lambda error, _: codes.append(error.code() if error else 0),
    )
    assert producer.flush(20) == 0
    return codes[0]


def settings_of(guarded: Guarded, broker: SecuredKafka, user: str, secret: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": f"127.0.0.1:{broker.secured}",
        "security.protocol": "sasl_ssl",
        "ssl.ca.location": guarded.settings["HEARTH_KAFKA_CA_FILE"],
        "sasl.mechanism": MECHANISM,
        "sasl.username": user,
        "sasl.password": secret,
        "log_level": 0,
    }


def test_a_wrong_password_and_an_unknown_authority_are_refused(guarded: Guarded, broker: SecuredKafka) -> None:
    right = settings_of(guarded, broker, "leads", password("leads"))
    assert AdminClient(right).list_topics(timeout=10).topics
    for wrong in ({"sasl.password": "guessed"}, {"ssl.ca.location": "/etc/ssl/certs/ca-certificates.crt"}):
        with pytest.raises(KafkaException):
            AdminClient(right | wrong).list_topics(timeout=5)
