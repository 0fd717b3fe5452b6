"""Everything of `make run` is killed at once, in the middle of a thousand events, and started again on its data."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.store.documents import facts_of
from tests.journeys.test_run import free_offset
from tests.running import request, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

BATCH = {"content-type": "application/cloudevents-batch+json"}
CHAINS = {
    "profile": ("customers", {"visit", "survey", "complaint", "linked"}),
    "leads": ("lead_books", {"visit"}),
    "loyalty": ("accounts", {"visit", "survey"}),
    "service_tickets": ("case_files", {"survey", "complaint"}),
}
"""Where each service keeps its chains, and which of the events it has a rule for."""
PEOPLE, EVENTS, STEP = 120, 1_000, 50
SOURCE = "/restart"


@pytest.fixture
def offset() -> int:
    """An offset at which all ports are free, and kept from others who look for some."""
    return free_offset()


@contextmanager
def run(offset: int, folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`make run`, up to its banner; everything that it started is dead afterwards."""
    told = {**os.environ, "HEARTH_DATA_DIR": str(folder), "HEARTH_PORT_OFFSET": str(offset)}
    command = [sys.executable, "-m", "deploy.local", "run"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=told, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        until(lambda: (process.poll(), log.read_text()), lambda now: now[0] is not None or "Ctrl-C stops" in now[1],
              "the banner", 400)  # fmt: skip
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        kill_all(process)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the runner and to everything it started, the runner frozen before, so that it revives nothing."""
    if process.poll() is not None:
        return
    os.kill(process.pid, signal.SIGSTOP)
    family = descendants(process.pid)
    for pid in [*family, process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(120)
    until(lambda: [pid for pid in family if alive(pid)], lambda left: not left, "nothing left", 120)


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def events() -> list[dict[str, Any]]:
    """Visits, answers and complaints of people who are known by phone here and by mail there, until an event says so."""
    start = datetime.now(UTC) - timedelta(days=20)
    return [event(n, start + timedelta(minutes=20 * n)) for n in range(EVENTS)]


def event(n: int, time: datetime) -> dict[str, Any]:
    """The n-th one: every tenth says that a phone and a mail are one person's."""
    person = n * 7 % PEOPLE
    phone = {"identifiers": [{"type": "phone", "value": f"139{person:08}"}]}
    mail = {"identifiers": [{"type": "email", "value": f"person{person}@restart.example"}]}
    what, data = [
        ("visit", {"visit_id": f"restart-{n}", "project_id": "P1"}),
        (
            "survey",
            {"instrument": "csat", "answers": [{"question": "q", "value": 4, "min": 1, "max": 5}], "project_id": "P1"},
        ),
        ("complaint", {"channel": "app", "category": "noise", "project_id": "P1"}),
    ][n % 3]
    types = {
        "visit": "crm.visit.completed.v1",
        "survey": "crm.survey.answered.v1",
        "complaint": "crm.complaint.raised.v1",
    }
    data = {"contact": mail if n // 3 % 4 == 0 else phone, **data}
    if n % 10 == 9:
        what, types, data = "linked", {"linked": "crm.customer.linked.v1"}, {"contact": phone, "same_as": mail}
    head = {"specversion": "1.0", "type": types[what], "source": SOURCE, "id": f"{what}-{n}", "time": time.isoformat()}
    return head | {"data": data}


def send(url: str, some: list[dict[str, Any]]) -> list[str]:
    """Post a batch; what became of each."""
    answer = request(f"{url}/v1/events", json.dumps(some).encode(), BATCH, "")
    assert answer.status == 202, answer
    return [each["status"] for each in answer.body["events"]]


def applied(database_url: str, service: str) -> Counter[str]:
    """How often each of our events is in the chains of a service, forwards of merged entities left out."""
    collection, _ = CHAINS[service]
    counts: Counter[str] = Counter()
    with MongoClient[Any](database_url) as client:
        for document in client[f"hearth_{service}"][f"{collection}.chain"].find({}, {"facts": 1}):
            counts.update(fact.id for fact in facts_of(document) if fact.source == SOURCE)
    return counts


def test_a_thousand_events_survive_the_end_of_every_process(offset: int, tmp_path: Path) -> None:
    """What was accepted is applied by every service that has a rule for it, once; also what only the broker had."""
    data, sent = tmp_path / "data", events()
    url, database = f"http://127.0.0.1:{8101 + offset}", f"mongodb://127.0.0.1:{27117 + offset}/?directConnection=true"
    with run(offset, data, tmp_path / "first") as process:
        for start in range(0, EVENTS // 2, STEP):
            assert set(send(url, sent[start : start + STEP])) == {"accepted"}
        kill_all(process)
    with run(offset, data, tmp_path / "second"):
        statuses = [status for start in range(0, EVENTS, STEP) for status in send(url, sent[start : start + STEP])]
        assert statuses == ["duplicate"] * (EVENTS // 2) + ["accepted"] * (EVENTS - EVENTS // 2)
        for service, (_, read) in CHAINS.items():
            once = Counter({each["id"]: 1 for each in sent if each["id"].partition("-")[0] in read})
            until(lambda s=service: applied(database, s), lambda found, w=once: found == w, f"{service}: once", 300)
        for each in sent[:: EVENTS // 20]:
            follow = f"{url}/v1/events?source={SOURCE}&id={each['id']}"
            until(lambda path=follow: request(path, None, {}, "").body, everywhere, "applied everywhere", 120)


def everywhere(found: dict[str, Any]) -> bool:
    """Whether an event is in the journal and applied by every service that has a rule for it."""
    states = {name: place["state"] for name, place in found["services"].items()}
    return found["journaled"] and set(states.values()) <= {"applied", "not_read"} and states["profile"] == "applied"
