"""Requests from 32 processes at once: `python -m benchmarks.doors http|grpc reads|writes`.

`reads`: balances of 1,000 accounts, in turn. `writes`: commands on **one** account, each guarded by its balance and an
idempotency key of its own: hold a point, give it back. One process of loyalty (`all`); each client sends its next request
when it has the answer to the last, over one connection; client and server share the machine. p99 is of all answers.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from confluent_kafka import Producer

from benchmarks.running import migrated, service_of, share, start
from benchmarks.workload import START, customer_id
from chassis.publish import SETTINGS
from contracts.envelope import encode
from contracts.fact import Fact
from contracts.facts.visits import VisitCompleted
from deploy.local.paths import ROOT
from deploy.local.runner import Run

CLIENTS, ACCOUNTS = 32, 1_000
HOLDS = {"most_open_holds: 20": "most_open_holds: 50"}
"""The policy's line: 32 clients may each have a hold open."""


def measure(door: str, what: str, seconds: float) -> dict[str, float]:
    """Requests a second and p99 in seconds, over all clients."""
    with migrated(HOLDS) as run:
        publish(run)
        start(run, "loyalty", "all")
        wait_for_points(run)
        place = service_of(run, "loyalty")
        address = f"127.0.0.1:{place.http if door == 'http' else place.grpc}"
        took = clients(door, what, address, seconds)
    return {"per_second": len(took) / seconds, "p99": share(sorted(took), 0.99)}


def publish(run: Run) -> None:
    """A visit of every customer: 50 points."""
    producer = Producer({**SETTINGS, "bootstrap.servers": run.engines.bootstrap})
    for number in range(ACCOUNTS):
        data = VisitCompleted(visit_id=f"V{number}", project_id="P1", agent_id="agent-00017", channel="walk_in")
        record = encode(Fact("/bench", f"visit-{number}", data.TYPE, customer_id(number), START, START, data))
        topic = f"{run.settings['HEARTH_NAMESPACE']}.{record.topic}"
        producer.produce(topic, record.value, record.key, headers=record.headers)
    assert producer.flush(60) == 0


def wait_for_points(run: Run) -> None:
    """Until the last account has its points: facts of a partition take effect in order, so look at several."""
    url = service_of(run, "loyalty").url
    deadline = time.monotonic() + 60
    for number in range(ACCOUNTS - 20, ACCOUNTS):
        while active(f"{url}/v1/accounts/{customer_id(number)}") < CLIENTS:
            assert time.monotonic() < deadline, "the points do not come"
            time.sleep(0.1)


def active(url: str) -> int:
    """Points of an account; 0 if there is none yet."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["active"]
    except urllib.error.HTTPError as error:
        error.close()
        return 0


def clients(door: str, what: str, address: str, seconds: float) -> list[float]:
    """What every answer took, of all clients, which begin at the same time."""
    command = [sys.executable, "-m", "benchmarks.client", door, what, address]
    with contextlib.ExitStack() as all_:
        started = [all_.enter_context(client([*command, *accounts_of(what, number)])) for number in range(CLIENTS)]
        assert all(line_of(each) == "ready" for each in started)
        begin = time.time() + 0.5
        for each in started:
            tell(each, f"{begin} {begin + seconds}")
        return [took for each in started for took in json.loads(line_of(each))]


def accounts_of(what: str, number: int) -> list[str]:
    """The accounts that a client asks about: all, from another one on each; or the one that all write to."""
    ids = [customer_id(each) for each in range(ACCOUNTS)]
    first = number * ACCOUNTS // CLIENTS
    return [*ids[first:], *ids[:first]] if what == "reads" else ids[:1]


@contextlib.contextmanager
def client(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive the block."""
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str], line: str) -> None:
    """A line on its input."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], 3 if "--quick" in sys.argv else 15)))
