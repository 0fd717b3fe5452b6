"""Services as processes for tests: `running(engines, folder)` starts them in a namespace of their own, and stops them."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from chassis.publish import SETTINGS
from deploy.local import services, stack
from deploy.local.process import Process
from deploy.local.runner import READY_SECONDS, Run
from deploy.local.services import Service


class Answer(NamedTuple):
    """An HTTP answer: status, headers by lower-case name, JSON or text."""

    status: int
    headers: dict[str, str]
    body: Any


class Hearth(Run):
    """Running services, and what tests do with them."""

    def __init__(
        self, engines: stack.Engines, folder: Path, role: str, settings: Mapping[str, str], only: Sequence[str] = ()
    ) -> None:
        theirs = engines.borrowed()
        super().__init__(theirs, services.on_free_ports(), folder / "data", folder / "log", lambda text: None)  # type: ignore[arg-type]
        self.role = role
        self.only = only
        self.namespace = f"h{uuid.uuid4().hex[:10]}"
        self.settings |= {"HEARTH_NAMESPACE": self.namespace, "HEARTH_PORT_OFFSET": "0", **settings}

    @property
    def bootstrap(self) -> str:
        """The brokers."""
        return self.engines.bootstrap

    @property
    def journal(self) -> str:
        """The journal's topic in this namespace."""
        return f"{self.namespace}.crm.journal"

    def start(self) -> None:
        """Start the services (or `only` some) in their role, migrated, and wait until they are ready."""
        if self.role != "all" or self.only:
            self._migrate()
        self.services = [service for service in self.services if not self.only or service.name in self.only]
        for service in self.services:
            self.running.append(self.process_of(service))
            self.running[-1].spawn()
        for service, process in zip(self.services, self.running, strict=True):
            process.wait_until(service.is_ready, READY_SECONDS)
        self._index()

    def process_of(self, service: Service) -> Process:
        """The process that a service will be, not started."""
        return services.process(service, self.role, self.settings, self.log_dir)

    def service(self, name: str) -> Service:
        """One of the services."""
        return next(each for each in self.services if each.name == name)

    def http(
        self, service: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None, method: str = ""
    ) -> Answer:
        """Ask a service's HTTP door; `body` makes it a POST. Errors are answers too."""
        return request(self.service(service).url + path, body, headers or {}, method)

    def admin(self, service: str, path: str, *, body: Any = None) -> Answer:
        """Ask its admin door; `body` makes it a POST."""
        return request(f"http://127.0.0.1:{self.service(service).admin}{path}", body, {}, "")

    def account(self, customer_id: str) -> dict[str, Any]:
        """An account, or {} while there is none."""
        answer = self.http("loyalty", f"/v1/accounts/{customer_id}")
        return answer.body if answer.status == 200 else {}

    def eventually(self, customer_id: str, **expected: Any) -> dict[str, Any]:
        """The account once it has these values; fails after a minute, showing what it has."""
        return until(lambda: self.account(customer_id), lambda found: expected.items() <= found.items(), str(expected))

    def known(self, customer_id: str, facts: int) -> None:
        """Wait until profile knows this many facts of a customer."""
        path = f"/v1/customers/{customer_id}"
        until(lambda: self.http("profile", path).body.get("facts"), lambda found: found == facts, f"{facts} facts")

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `hearth ...` against these services."""
        command = [sys.executable, "-m", "hearth.cli", *arguments]
        return subprocess.run(command, env=self.settings, capture_output=True, text=True, timeout=900, check=False)

    def publish(self, records: Sequence[tuple[str, bytes, Sequence[tuple[str, bytes]]]], **settings: Any) -> None:
        """Send (key, value, headers) to the journal as our own publishers do; returns when all are confirmed."""
        producer = Producer(
            {**SETTINGS, "bootstrap.servers": self.bootstrap, "queue.buffering.max.messages": 500_000, **settings}
        )
        failed: list[Any] = []
        for key, value, headers in records:
            producer.produce(
                self.journal, value, key.encode(), headers=list(headers),
                on_delivery=lambda error, _: failed.append(error) if error else None,
            )  # fmt: skip
            producer.poll(0)
        assert producer.flush(120) == 0
        assert not failed

    def ends(self) -> dict[int, int]:
        """The end of each partition of the journal."""
        return ends_of(self.bootstrap, self.journal)

    def records(self, topic: str) -> list[Any]:
        """Every message of a topic of this namespace."""
        return messages_of(self.bootstrap, f"{self.namespace}.{topic}")

    def wait_viewed(self, service: str, seconds: float, topic: str = "crm.journal") -> None:
        """Wait until everything now in a topic is settled by a service and all its views are replaced."""
        name = f"{self.namespace}.{topic}"
        ends = ends_of(self.bootstrap, name)
        until(
            lambda: self._places(service),
            lambda at: all(at.get((name, partition), -1) >= end for partition, end in ends.items()),
            f"{service}: {name} at {ends}",
            seconds,
        )

    def _places(self, service: str) -> dict[tuple[str, int], int]:
        """Up to where a service has settled, and shows, each partition that it reads."""
        with self.database(service) as database:
            found = database["slots"].find({"closed": False})
            return {(mark["topic"], mark["partition"]): min(mark["settled"], mark["viewed"]) for mark in found}

    def at_rest(self, seconds: float = 120) -> None:
        """Wait until nothing moves but the time: every service has settled, and shows, all that was in the topics it
        reads, and nothing has come since but progress, which comes every second.
        """
        until(self._moved, lambda moved: moved == [], "nothing new", seconds)

    def _moved(self) -> list[str]:
        """What has come, other than progress, while all that was there was settled."""
        found = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2}).list_topics(timeout=60).topics
        names = [name for name in found if name.startswith(f"{self.namespace}.")]
        with ThreadPoolExecutor(8) as pool:
            ends = dict(zip(names, pool.map(lambda name: ends_of(self.bootstrap, name), names), strict=True))
            until(lambda: self._unsettled(ends), lambda left: left == {}, "all settled", 120)
            came = pool.map(lambda name: messages_since(self.bootstrap, name, ends[name]), names)
            types = [headers_of(message).get("ce_type", b"?").decode() for messages in came for message in messages]
        return [type_ for type_ in types if type_ != "crm.progress.v1"]

    def _unsettled(self, ends: Mapping[str, Mapping[int, int]]) -> dict[str, Any]:
        """What a service has not settled, or does not show yet, of the topics it reads up to these ends."""
        return {
            f"{service.name} {topic}[{partition}]": (at, ends[topic][partition])
            for service in self.services
            for (topic, partition), at in self._places(service.name).items()
            if topic in ends and at < ends[topic][partition]
        }

    @contextlib.contextmanager
    def database(self, service: str) -> Iterator[Any]:
        """A service's database."""
        with MongoClient(self.engines.mongo_url) as client:
            yield client[f"{self.namespace}_hearth_{service}"]


@contextlib.contextmanager
def running(
    engines: stack.Engines, folder: Path, role: str = "all", only: Sequence[str] = (), **settings: str
) -> Iterator[Hearth]:
    """Services running in `role`, all of them or `only` some; their logs are shown when the block fails."""
    hearth = Hearth(engines, folder, role, settings, only)
    try:
        hearth.start()
        yield hearth
    finally:
        hearth.stop()


def until(look: Callable[[], Any], good: Callable[[Any], bool], wanted: str, seconds: float = 60) -> Any:
    """What `look` finds once it is `good`; fails after `seconds` with the last finding.

    A `LookupError` or a `ValueError` of either is "not yet", and is shown when the time is over: who looks into an answer
    before it is there meets a problem document without the member, an empty list, text that is no JSON. Only here: what is
    not there when it is looked at once is wrong, and no other kind of error is ever a reason to wait.
    """
    deadline = time.monotonic() + seconds
    while True:
        found: Any = "nothing"
        missing: Exception | None = None
        try:
            found = look()
            if good(found):
                return found
        except (LookupError, ValueError) as error:
            missing = error
        if time.monotonic() > deadline:
            raise AssertionError(
                f"after {seconds} s: {found}, wanted {wanted}" + (f"; the last look: {missing!r}" if missing else "")
            ) from missing
        time.sleep(0.05)


def messages_of(bootstrap: str, topic: str) -> list[Any]:
    """Every message that is in a topic now, partition by partition."""
    return [message for found, _ in _read(bootstrap, topic, begin=True).values() for message in found]


def ends_of(bootstrap: str, topic: str) -> dict[int, int]:
    """The offset after the last record of each partition, found by reading: of records that came together the embedded
    broker names an end that is too early.
    """
    return {partition: end for partition, (_, end) in _read(bootstrap, topic, begin=False).items()}


def messages_since(bootstrap: str, topic: str, ends: Mapping[int, int]) -> list[Any]:
    """What came after these ends."""
    return [
        message
        for partition, (messages, _) in _read(bootstrap, topic, begin=False, since=ends).items()
        for message in messages
        if message.offset() >= ends[partition]
    ]


def _read(
    bootstrap: str, topic: str, *, begin: bool, since: Mapping[int, int] | None = None
) -> dict[int, tuple[list[Any], int]]:
    """The messages of each partition, all of them, or those `since` offsets or at the end the broker names, and where it
    really ends.
    """
    settings = {"bootstrap.servers": bootstrap, "group.id": f"all-{uuid.uuid4().hex}", "log_level": 2}
    consumer: Any = Consumer({**settings, "enable.auto.commit": False, "enable.partition.eof": True})
    try:
        places = [
            TopicPartition(topic, partition) for partition in consumer.list_topics(topic, 30).topics[topic].partitions
        ]
        for place in places:
            first, end = consumer.get_watermark_offsets(place, 30)
            place.offset = first if begin else max(first, min(end - 1, (since or {}).get(place.partition, end)))
        found: dict[int, list[Any]] = {place.partition: [] for place in places}
        ends: dict[int, int] = {}
        consumer.assign(places)
        while len(ends) < len(found):
            message = consumer.poll(60)
            assert message is not None, f"{topic} could not be read to its end: {ends}"
            if message.error() is None:
                found[message.partition()].append(message)
                ends.pop(message.partition(), None)
            else:
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                ends[message.partition()] = message.offset()
    finally:
        consumer.close()
    return {partition: (found[partition], ends[partition]) for partition in found}


def headers_of(message: Any) -> dict[str, bytes]:
    """The headers of a Kafka message; none when it has none (a stranger's bytes, a transaction's mark)."""
    return dict(message.headers() or ())


def request(url: str, body: Any, headers: Mapping[str, str], method: str) -> Answer:
    """One HTTP exchange."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(
        url,
        data,
        {"content-type": "application/json", **headers},
        method=method or ("POST" if data is not None else "GET"),
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return _answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read())


def _answer(status: int, headers: Any, raw: bytes) -> Answer:
    try:
        body = json.loads(raw)
    except ValueError:
        body = raw.decode()
    return Answer(status, {name.lower(): text for name, text in headers.items()}, body)
