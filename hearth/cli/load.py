"""`hearth load`: synthetic people's events at a steady rate to a running Hearth, and how long they take to be everywhere."""

import asyncio
import itertools
import math
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import typer

from chassis.fold.ports import Transient
from chassis.stream.topics import Topics
from contracts.catalog import JOURNAL, TOPICS
from hearth.cli.ask import ask, ask_admin, tell
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS, bootstrap, security, topic
from hearth.cli.show import console

BATCH = {"content-type": "application/cloudevents-batch+json"}
MOST = 100
"""Events in one request; a request has at most 64 KiB."""

POLL = 0.02
"""Seconds between looks; a look itself takes about as long."""
PATIENCE = 60.0
SAMPLE = 20
SETTLED = {"applied", "not_read"}

Places = Mapping[int, int]
"""Partition of the journal → offset."""


class Sent(NamedTuple):
    """A request that was answered: when it began, how many events, and where the journal ended after it."""

    at: float
    events: int
    ends: Places


class Load:
    """What was sent, and what of it every service is through with."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.sent = self.refused = self.lag = 0
        self.waiting: deque[Sent] = deque()
        self.took: list[tuple[float, int]] = []
        self.failed: list[BaseException] = []
        self._topics, self._lock = Topics(bootstrap(), security()), threading.Lock()
        self._places: list[Places] = []

    def post(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Send one request and note where the journal ends then."""
        at = time.monotonic()
        try:
            answers = tell("profile", "/v1/events", events, BATCH)["events"]
            done = Sent(at, len(events), self._ends())
        except (CliError, Transient) as error:
            self.failed.append(error)
            return
        with self._lock:
            self.sent += len(events)
            self.refused += sum(answer["status"] != "accepted" for answer in answers)
            self.waiting.append(done)

    def look(self) -> None:
        """Ask every service how far it is; requests that all have passed are done."""
        self._places = places = [_positions(service) for service in DOORS]
        now = time.monotonic()
        with self._lock:
            waiting, self.waiting = self.waiting, deque()
            for one in waiting:
                if all(mine.get(at, 0) >= end for mine in places for at, end in one.ends.items()):
                    self.took.append((now - one.at, one.events))
                else:
                    self.waiting.append(one)

    def _ends(self) -> Places:
        places = [(topic(JOURNAL), partition) for partition in range(TOPICS[JOURNAL].partitions_local)]
        return {partition: end for (_, partition), end in asyncio.run(self._topics.ends(places)).items()}

    def look_far(self) -> None:
        """Look, and ask the broker how much there is."""
        self.look()
        self.lag = sum(max(0, end - mine.get(at, 0)) for mine in self._places for at, end in self._ends().items())

    @property
    def applied(self) -> int:
        """Events that all services are through with."""
        return sum(events for _, events in self.took)

    def line(self) -> str:
        """How it stands."""
        return (
            f"sent {self.sent}  applied by all four {self.applied}  lag {self.lag} records  "
            f"p50 {self.percentile(50)}  p99 {self.percentile(99)}"
        )

    def percentile(self, share: int) -> str:
        """The time within which that share of the events was applied by all services, measured to some hundredths of a second."""
        each = sorted(took for took, events in self.took for _ in range(events))
        return f"{each[math.ceil(len(each) * share / 100) - 1]:.2f} s" if each else "-"


def load(
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many events.")] = 1000,
    rate: Annotated[int, typer.Option(min=1, max=10_000, help="Events a second.")] = 200,
) -> None:
    """Send synthetic people's events to a running Hearth; shows each second what is applied and how long it takes."""
    run, made = Load(), list(synthetic(number, secrets.token_hex(4)))
    run.look_far()
    stop = threading.Event()
    sender = threading.Thread(target=_send, args=(run, made, rate, stop), daemon=True)
    sender.start()
    try:
        _watch(run, number, sender)
    finally:
        stop.set()
    _conclude(run, made)


def _send(run: Load, made: Sequence[Mapping[str, Any]], rate: int, stop: threading.Event) -> None:
    """Requests at their times, several under way at once; late ones follow as fast as they are answered."""
    size = min(MOST, max(1, rate // 10))
    with ThreadPoolExecutor(4) as pool:
        for start in range(0, len(made), size):
            if stop.wait(max(0.0, run.began + start / rate - time.monotonic())) or run.failed:
                return
            pool.submit(run.post, made[start : start + size])


def _watch(run: Load, number: int, sender: threading.Thread) -> None:
    shown, sent_at = run.began, 0.0
    while run.applied < number and not run.failed:
        time.sleep(POLL)
        run.look()
        now = time.monotonic()
        sent_at = sent_at or (0.0 if sender.is_alive() else now)
        if sent_at and now - sent_at > PATIENCE:
            raise CliError(f"after {PATIENCE:.0f} s not all is applied: {run.line()}")
        if now - shown >= 1:
            shown = now
            run.look_far()
            console.print(f"{now - run.began:5.0f} s  {run.line()}", highlight=False)
    if run.failed:
        raise CliError(str(run.failed[0]))


def _conclude(run: Load, made: Sequence[Mapping[str, Any]]) -> None:
    """The summary, and the word of each service for a sample of the events."""
    seconds = time.monotonic() - run.began
    sample = random.sample(made, min(SAMPLE, len(made)))
    amiss = [f"{of['source']} {of['id']}" for of in sample if not _everywhere(of)]
    console.print(
        f"done in {seconds:.1f} s: {run.sent} sent, {run.refused} refused, {run.applied} applied by all four, "
        f"{run.applied / seconds:.0f} a second, p50 {run.percentile(50)}, p99 {run.percentile(99)}; "
        f"{len(sample) - len(amiss)} of {len(sample)} traced are where they belong",
        highlight=False,
    )
    if run.refused or amiss:
        raise CliError(f"{run.refused} events were refused; not where they belong: {', '.join(amiss) or 'none'}")


def _everywhere(of: Mapping[str, Any]) -> bool:
    """Whether it is; a service that does not answer within profile's second (it has just been loaded) is asked again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = ask("profile", "/v1/events", source=of["source"], id=of["id"])
        states = {place["state"] for place in found["services"].values()}
        if "unavailable" not in states or time.monotonic() > deadline:
            return states <= SETTLED
        time.sleep(POLL)


def _positions(service: str) -> Places:
    lanes = ask_admin(service, "/v1/state")["lanes"]
    names = ((lane.removesuffix("]").rpartition("["), now["position"]) for lane, now in lanes.items())
    return {int(partition): position for (name, _, partition), position in names if name == topic(JOURNAL)}


def synthetic(number: int, run: str) -> Iterator[dict[str, Any]]:
    """Events of people who do not exist; each is described, leaves a number, comes, answers and signs."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    kinds = itertools.islice(itertools.cycle(KINDS), number)
    for at, (type_, data) in enumerate(kinds):
        person = at // len(KINDS)
        known = {"type": "external", "value": f"{run}-{person}", "issuer": "hearth-load"}
        mark = f"{run}-{person}"
        yield {
            "specversion": "1.0",
            "type": type_,
            "source": "/load",
            "id": f"{run}-{at}",
            "time": now,
            "data": {"contact": {"identifiers": [known]}, **_marked(data, mark)},
        }


def _marked(data: Any, mark: str) -> Any:
    """The data with this person's own ids."""
    if isinstance(data, dict):
        return {name: _marked(value, mark) for name, value in data.items()}
    return f"{data}-{mark}" if data in ("V", "D") else data


KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("crm.customer.described.v1", {"channel": "web"}),
    ("crm.lead.captured.v1", {"project_id": "P1", "channel": "web"}),
    ("crm.visit.completed.v1", {"visit_id": "V", "project_id": "P1"}),
    (
        "crm.survey.answered.v1",
        {
            "instrument": "csat",
            "stage": "viewing",
            "answers": [{"value": 4, "min": 1, "max": 5}],
            "about": {"kind": "visit", "id": "V"},
        },
    ),
    (
        "crm.deal.signed.v1",
        {"deal_id": "D", "project_id": "P1", "price": {"amount": "1000000.00", "currency": "CNY"}},
    ),
)
