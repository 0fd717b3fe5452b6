"""An hour of load with faults (`make soak MINUTES=60`): a line each minute, and at the end the verdict on every fact.

It fails when something is lost, doubled or wrong, when a kind of fault never happened, and when something grows. What
grows is told by a slope test: of the values of the minutes after the first quarter, the median of the slopes between
all pairs (Theil-Sen, which single bad minutes do not move), times that number of minutes, must stay below a quarter of
their median, or below a floor where that is larger (`FLOORS`). Tested are the p50 and p99 from the broker's
acknowledgement to the views, the memory of processes that are never restarted, the longest part of a chain that is not
compacted, dead letters nobody expected, and work that is overdue.

The customers are mortal: new ones come, the older ones get no facts any more, so that states do not grow by themselves.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from chassis.fold.model import Key
from chassis.store.documents import link_id
from deploy.local import ports, stack
from tests.faults import verdict
from tests.faults.chains import KINDS
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster, resident, until
from tests.faults.load import HOT, Load, Story, customers, seeded
from tests.faults.proxy import Proxy

FLOORS = {
    "p50 ms": 60.0,
    "p99 ms": 3_000.0,
    "MB": 40.0,
    "unjoined": 150.0,
    "unjoined by doors": 150.0,
    "dead": 0.5,
    "overdue": 30.0,
}
SHARE = 0.25
ALIVE, BORN = 400, 40
"""Customers who do something, and facts between two new ones: at 300 facts a second each lives for about a minute."""

GRACE = 45.0
"""Seconds that Kubernetes gives a process to end (60 in the chart), less its preStop hook."""

LATE = timedelta(minutes=20)
"""Of the run's clock, 20 seconds of ours: work due for longer is overdue."""


class Latency:
    """Seconds from the broker's acknowledgement of a fact to the views of loyalty, from a thread of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.samples = cluster, list[float]()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="latency", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self._thread.join(10)

    def take(self) -> list[float]:
        """The samples since the last time."""
        taken, self.samples = self.samples, []
        return taken

    def _run(self) -> None:
        waiting: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
        with MongoClient[Any](self.cluster.engines.mongo_url, serverSelectionTimeoutMS=500) as client:
            slots = self.cluster.database(client, "loyalty").slots
            while not self._stopped.wait(0.02):
                now = time.monotonic()
                for place, end in list(self.cluster.ends.items()):
                    if not waiting[place] or waiting[place][-1][0] < end:
                        waiting[place].append((end, now))
                try:
                    viewed = {(m["topic"], m["partition"]): m["viewed"] for m in slots.find({"closed": False})}
                except PyMongoError:
                    continue
                for place, asked in waiting.items():
                    while asked and viewed.get(place, -1) >= asked[0][0]:
                        self.samples.append(time.monotonic() - asked.pop(0)[1])


class Faults:
    """Random faults, one after another, from the main thread; the first worker, profile and door are never restarted."""

    def __init__(self, cluster: Cluster, broker: Proxy, database: Proxy, seed: int) -> None:
        self.cluster, self.broker, self.database, self.dice = cluster, broker, database, random.Random(seed)
        self.done: Counter[str] = Counter()
        self.kinds: dict[str, Callable[[], None]] = {
            "SIGKILL": self._kill,
            "SIGTERM": self._terminate,
            "SIGSTOP": self._pause,
            "worker left and joined": self._replace,
            "lines cut": self._cut,
            "database slow": self._slow,
            "broker killed": self._broker,
            "database killed": self._database,
        }
        self._left: list[str] = []

    def one(self) -> str:
        """Another fault; each kind once before any comes again."""
        self._left = self._left or self.dice.sample(list(self.kinds), len(self.kinds))
        name = self._left.pop()
        self.kinds[name]()
        self.done[name] += 1
        return name

    def _victim(self) -> Any:
        return self.dice.choice([self.cluster.workers[1], self.cluster.profiles[1], self.cluster.apis[1]])

    def _again(self, member: Any) -> None:
        if not member.alive:
            member.start()
        until(lambda: member.ask("/readyz") is not None, 90, member.process.report)

    def _kill(self) -> None:
        member = self._victim()
        member.process.kill()
        self._again(member)

    def _terminate(self) -> None:
        member = self._victim()
        member.process.stop(GRACE)
        assert member.process.exit_code == 0, member.process.report()
        self._again(member)

    def _pause(self) -> None:
        member = self._victim()
        member.process.send(signal.SIGSTOP)
        time.sleep(self.cluster.session + 2.5)
        member.process.send(signal.SIGCONT)
        self._again(member)

    def _replace(self) -> None:
        """In this order: of three workers on four partitions, one would have nothing to do, and not be ready."""
        self.cluster.leave(self.cluster.workers[1])
        self._again(self.cluster.join())

    def _cut(self) -> None:
        assert self.broker.cut() and self.database.cut(), "there was nothing to cut"

    def _slow(self) -> None:
        before = self.database.done["slowed"]
        with self.database.slowed(0.05, 500_000):
            until(lambda: self.database.done["slowed"] > before + 300, 60, lambda: "nothing went slowly")

    def _broker(self) -> None:
        self.cluster.engines.broker.kill()
        self.cluster.engines.broker.start()

    def _database(self) -> None:
        self.cluster.engines.database.kill()
        self.cluster.engines.database.start()


class Minutes:
    """What was seen each minute."""

    def __init__(self, cluster: Cluster, load: Load, latency: Latency) -> None:
        self.cluster, self.load, self.latency = cluster, load, latency
        self.series: dict[str, list[float]] = defaultdict(list)
        self.steady = {f"{m.name} MB": m for m in (cluster.workers[0], cluster.profiles[0], cluster.apis[0])}
        self._facts = 0

    def note(self, done: Sequence[str]) -> None:
        """Look at everything, remember it, and print a line."""
        found = {"events": len(self.load.facts) - self._facts, **self._late(), **self._memory(), **self._stored()}
        self._facts = len(self.load.facts)
        for name, value in found.items():
            self.series[name].append(value)
        text = ", ".join(f"{name} {value:.0f}" for name, value in found.items())
        print(f"minute {len(self.series['events'])}: {text}; {', '.join(done) or 'no fault'}", flush=True)

    def _late(self) -> dict[str, float]:
        samples = self.latency.take()
        if len(samples) < 2:
            return {"p50 ms": 60_000.0, "p99 ms": 60_000.0}
        return {"p50 ms": 1000 * median(samples), "p99 ms": 1000 * quantiles(samples, n=100)[-1]}

    def _memory(self) -> dict[str, float]:
        engines = {f"{engine.name} MB": resident(engine.process.pid) for engine in self.cluster.engines.own}
        others = {f"{m.name} MB": m.memory() for m in self.cluster.members if f"{m.name} MB" not in self.steady}
        return {**{name: member.memory() for name, member in self.steady.items()}, **others, **engines}

    def _stored(self) -> dict[str, float]:
        """Chains: of the customer who gets facts all the time, and of those who only get commands and timers."""
        late, facts, commands, dead, overdue = self.cluster.now() - LATE, 0, 0, 0, 0
        with MongoClient[Any](self.cluster.engines.mongo_url) as client:
            for service, name in KINDS.items():
                database = self.cluster.database(client, service)
                overdue += database[name].count_documents({"due": {"$lte": late}})
                dead += database["dead"].count_documents({})
                chain, kind = database[f"{name}.chain"], name.removesuffix("s")
                facts = max(facts, _longest(chain, kind, [HOT]))
                commands = max(commands, _longest(chain, kind, customers(40)[1:]))
        lettered = dead - 2 * len(self.load.dead)
        return {"unjoined": facts, "unjoined by doors": commands, "dead": lettered, "overdue": overdue}

    def growing(self) -> list[str]:
        """What grows, by the slope test."""
        tested = ["p50 ms", "p99 ms", "unjoined", "unjoined by doors", "dead", "overdue", *self.steady]
        found = []
        for name in tested:
            grown, allowed = growth(self.series[name], FLOORS["MB" if name.endswith("MB") else name])
            if grown > allowed:
                found.append(f"{name} grew by {grown:.0f} ({allowed:.0f} is allowed)")
        return found


def _longest(chain: Any, kind: str, who: Sequence[str]) -> int:
    """The most versions of one of these entities that are neither stubs nor joined."""
    prefixes = [Key(kind, customer).prefix() for customer in who]
    ranges = [{"$gte": link_id(prefix, 0), "$lte": link_id(prefix, 2**63)} for prefix in prefixes]
    return max(
        chain.count_documents({"_id": ids, "stub": {"$exists": False}, "upto": {"$exists": False}}) for ids in ranges
    )


def growth(values: Sequence[float], floor: float) -> tuple[float, float]:
    """By how much a series grew after its first quarter, and by how much it may."""
    later = values[len(values) // 4 :]
    if len(later) < 3:
        return 0.0, floor
    slopes = [(b - a) / (j - i) for (i, a), (j, b) in combinations(enumerate(later), 2)]
    return median(slopes) * (len(later) - 1), max(floor, SHARE * median(later))


def run(minutes: int, rate: float, seed: int, folder: Path) -> int:
    """A soak; returns the exit code."""
    inside, *_ = ports.free_ports(1)
    engines = stack.on_free_ports(folder / "data", folder / "log", real=True, sync_on_commit=True)
    broker, database = Proxy(inside), Proxy(engines.database.port if engines.database else 0)
    broker.start()
    database.start()
    engines.broker.detour = (inside, broker.port)  # type: ignore[union-attr]
    engines.start()
    url = f"mongodb://{database.address}/?directConnection=true"
    more = {"workers": 2, "profiles": 2, "apis": 2, "KAFKA_BOOTSTRAP": broker.address, "MONGO_URL": url}
    cluster = Cluster(engines, f"s{uuid.uuid4().hex[:10]}", folder, **more)  # type: ignore[arg-type]
    try:
        return soak(cluster, Faults(cluster, broker, database, seed), minutes, rate, seed)
    finally:
        cluster.kill()
        engines.kill()
        broker.stop()
        database.stop()


def soak(cluster: Cluster, faults: Faults, minutes: int, rate: float, seed: int) -> int:
    """Load and faults for so many minutes, then the verdict; returns the exit code."""
    cluster.migrate()
    story = Story(seed, count=ALIVE, hot=0.01, born=BORN)
    load = Load(cluster.engines.bootstrap, cluster.journal, cluster.ends, seed=seed, rate=rate, story=story)
    load.begin()
    cluster.start()
    cluster.ready()
    verdict.seen(cluster)
    clients, latency = Clients(cluster.apis, seed=seed, count=2, pause=0.5), Latency(cluster)
    for each in (clients, load, latency):
        each.start()
    seen, began = Minutes(cluster, load, latency), time.monotonic()
    for minute in range(1, minutes + 1):
        done = []
        while time.monotonic() < began + 60 * minute:
            if faults.dice.random() < 0.08 and time.monotonic() < began + 60 * minute - 15:
                done.append(faults.one())
            time.sleep(1)
        seen.note(done)
    for each in (load, clients, latency):
        each.stop()
    verdict.settle(cluster, 300)
    report = verdict.judge(cluster, load, clients)
    report.faults = faults.done
    cluster.stop()
    return told(report, seen.growing(), [kind for kind in faults.kinds if not faults.done[kind]])


def told(report: verdict.Report, growing: Sequence[str], never: Sequence[str]) -> int:
    """Print the result; the last line is one JSON object. Returns the exit code."""
    for line in (*report.findings, *growing, *(f"never happened: {kind}" for kind in never)):
        print(line)
    print(json.dumps(report.summary() | {"growing": growing, "seeds": [report.seed]}), flush=True)
    return 0 if report.clean and not report.gaps and not growing and not never else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Load with random faults for so many minutes, and a verdict.")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=float, default=300.0, help="facts a second")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hearth-soak-") as folder:
        return run(chosen.minutes, chosen.rate, seeded(91), Path(folder))


if __name__ == "__main__":
    sys.exit(main())
