"""Two services in their own namespace: workers and doors that die, stop, and are started again; and what they did."""

import http.client
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from contracts.catalog import FACT_LOYALTY, JOURNAL
from deploy.local import keys, ports, stack
from tests.faults.child import Child, Program

CLOCK_START = datetime(2026, 6, 1, tzinfo=UTC)
CLOCK_RATE = 60
"""A hold of 15 minutes runs out in 15 seconds."""

COUNTS = ("read", "applied", "duplicate", "dead", "published", "lost_races", "replays", "discarded")


class Member:
    """One place in the cluster, filled by one process after another. `settings` are this place's own; `ahead`: how
    wrong its clock is; `tree`: the folder of the source it runs (None: this one).
    """

    def __init__(self, cluster: "Cluster", name: str, service: str, role: str) -> None:
        self.cluster, self.name, self.service, self.role = cluster, name, service, role
        self.http, self.grpc, self.admin = ports.free_ports(3)
        self.settings: dict[str, str] = {}
        self.ahead = timedelta(0)
        self.tree: Path | None = None
        self.peak = 0.0
        self.child: Child | Program | None = None
        self.started_at = 0.0
        self.before: Counter[str] = Counter()
        self.last: dict[str, Any] = {}
        self.read_upto = 0

    def start(self, **settings: str) -> None:
        """Start a process with these settings on top of the cluster's."""
        self._close_counts()
        env = (
            self.cluster.environment(self.ahead)
            | self.settings
            | settings
            | {
                "HEARTH_HTTP_PORT": str(self.http),
                "HEARTH_GRPC_PORT": str(self.grpc),
                "HEARTH_ADMIN_PORT": str(self.admin),
            }
        )
        log = self.cluster.folder / f"{self.name}.log"
        self.read_upto = log.stat().st_size if log.exists() else 0
        self.child = self.cluster.launch(self.tree, self.service, [self.role], env, log)
        self.started_at = time.monotonic()

    def _close_counts(self) -> None:
        self.before.update({name: self.last.get("counts", {}).get(name, 0) for name in COUNTS})
        self.before["timers_fired"] += self.last.get("timers_fired", 0)
        self.last = {}

    @property
    def process(self) -> Child | Program:
        """The process now in this place."""
        assert self.child is not None
        return self.child

    @property
    def alive(self) -> bool:
        """Whether a process runs here."""
        return self.child is not None and self.child.alive

    def faults(self) -> list[str]:
        """The lines about faults in the log of the process now in this place."""
        with self.process.log.open("rb") as log:
            log.seek(self.read_upto)
            return [line for line in log.read().decode(errors="replace").splitlines() if line.startswith("fault: ")]

    def ask(self, path: str = "/v1/state", seconds: float = 1.0) -> dict[str, Any] | None:
        """What the admin door says; None if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{self.admin}{path}", timeout=seconds) as answer:
                return json.load(answer)
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError):
            return None  # it may have died in the middle of its answer

    def tell(self, path: str) -> dict[str, Any]:
        """Ask the admin door to do something; raises `OSError` if it does not."""
        order = urllib.request.Request(f"http://{ports.LOOPBACK}:{self.admin}{path}", b"")
        with urllib.request.urlopen(order, timeout=10) as answer:
            return json.load(answer)

    def look(self) -> dict[str, Any] | None:
        """Ask for the state, and remember its counts."""
        found = self.ask() if self.alive else None
        if found is not None:
            self.last = found
        return found

    def memory(self) -> float:
        """Megabytes of memory that are its process's own and resident; 0 if none runs."""
        return resident(self.process.pid) if self.alive else 0.0

    @property
    def counts(self) -> Counter[str]:
        """What all processes of this place were last seen to have done."""
        now = Counter({name: self.last.get("counts", {}).get(name, 0) for name in COUNTS})
        now["timers_fired"] = self.last.get("timers_fired", 0)
        return self.before + now


class Cluster:
    """The members of a run, a watcher of what they do, and what can be asked of all of them."""

    def __init__(
        self,
        engines: stack.Engines,
        namespace: str,
        folder: Path,
        *,
        workers: int = 2,
        profiles: int = 1,
        apis: int = 1,
        session: float = 6.0,
        **settings: str,
    ) -> None:
        self.engines, self.namespace, self.folder, self.settings = engines, namespace, folder, settings
        self.session = session
        self._keys = keys.ensure(folder / "keys")
        self._began = time.monotonic()
        self.workers = [Member(self, f"loyalty-worker-{n}", "loyalty", "worker") for n in range(workers)]
        self.profiles = [Member(self, f"profile-worker-{n}", "profile", "worker") for n in range(profiles)]
        self.apis = [Member(self, f"loyalty-api-{n}", "loyalty", "api") for n in range(apis)]
        self.gone: list[Member] = []
        self.longest_stall = 0.0
        self.gaps: set[str] = set()
        self._watched = threading.Event()
        self._watcher: threading.Thread | None = None
        self.ends: dict[tuple[str, int], int] = {}

    @property
    def members(self) -> list[Member]:
        """All of them."""
        return [*self.workers, *self.profiles, *self.apis]

    def now(self) -> datetime:
        """The clock of the run, which goes on over restarts."""
        return CLOCK_START + timedelta(seconds=CLOCK_RATE * (time.monotonic() - self._began))

    def time_at(self, instant: datetime) -> datetime:
        """What the clock of the run showed at an instant of the machine's clock."""
        return self.now() - CLOCK_RATE * (datetime.now(UTC) - instant)

    def environment(self, ahead: timedelta = timedelta(0)) -> dict[str, str]:
        """The settings all members share, the clock as of now, or `ahead` of it."""
        return {
            **self.engines.env,
            **self._keys,
            "HEARTH_NAMESPACE": self.namespace,
            "HEARTH_BIND": ports.LOOPBACK,
            "HEARTH_CLOCK": f"{(self.now() + ahead).isoformat()}x{CLOCK_RATE}",
            "HEARTH_LOG_FORMAT": "text",
            "HEARTH_SESSION_TIMEOUT": str(self.session),
            "PATH": "/usr/bin:/bin",
            **self.settings,
        }

    def topic(self, name: str) -> str:
        """A topic in this namespace."""
        return f"{self.namespace}.{name}"

    @property
    def journal(self) -> str:
        """The journal in this namespace."""
        return self.topic(JOURNAL)

    @property
    def said(self) -> str:
        """The topic of loyalty's facts in this namespace."""
        return self.topic(FACT_LOYALTY)

    def database(self, client: MongoClient[Any], service: str) -> Any:
        """A service's database in this namespace."""
        return client[f"{self.namespace}_hearth_{service}"]

    def launch(
        self, tree: Path | None, service: str, arguments: Sequence[str], env: dict[str, str], log: Path
    ) -> Child | Program:
        """A process of this tree (quickly), or of another one (as anybody would start it)."""
        return Program(tree, service, arguments, env, log) if tree else Child(service, arguments, env, log)

    def join(self) -> Member:
        """One more worker of loyalty, started."""
        taken = len(self.workers) + len(self.gone)
        self.workers.append(Member(self, f"loyalty-worker-{taken}", "loyalty", "worker"))
        self.workers[-1].start()
        return self.workers[-1]

    def leave(self, member: Member) -> None:
        """A worker ends in order and does not come back; what it did still counts."""
        member.look()
        member.process.send(signal.SIGTERM)
        assert member.process.wait(40) and member.process.exit_code == 0, member.process.report()
        self.workers.remove(member)
        self.gone.append(member)

    def once(self, service: str, *arguments: str, tree: Path | None = None) -> None:
        """Run `migrate` or a task to its end; fails if it does."""
        log = self.folder / f"{service}-{arguments[0]}.log"
        child = self.launch(tree, service, arguments, self.environment(), log)
        assert child.wait(180), child.report()
        assert child.exit_code == 0, child.report()

    def migrate(self, tree: Path | None = None) -> None:
        """Topics, indexes, policies; those of service_tickets, too, for loyalty reads what it says."""
        for service in ("profile", "loyalty", "service_tickets"):
            self.once(service, "migrate", tree=tree)

    def start(self) -> None:
        """Start every member that does not run, without faults, and watch."""
        for member in self.members:
            if not member.alive:
                member.start()
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
            self._watcher.start()

    def ready(self, seconds: float = 180) -> None:
        """Wait until every member is."""
        for member in self.members:
            until(
                lambda member=member: member.ask("/readyz") is not None,
                seconds,
                lambda member=member: f"{member.name} is not ready: {member.process.report()}",
            )

    def stop(self) -> None:
        """Stop all members in order; kill those that do not."""
        self._watched.set()
        if self._watcher is not None:
            self._watcher.join(10)
        stopping = [threading.Thread(target=m.process.stop) for m in self.members if m.alive]
        for each in stopping:
            each.start()
        for each in stopping:
            each.join()

    def kill(self) -> None:
        """End all members at once."""
        self._watched.set()
        for member in self.members:
            if member.alive:
                member.process.kill()

    def counts(self, service: str = "loyalty") -> Counter[str]:
        """What all workers of a service were seen to have done."""
        return sum((m.counts for m in (*self.members, *self.gone) if m.service == service), Counter[str]())

    def _watch(self) -> None:
        """Remember counts, and the longest time in which nothing was settled although facts waited."""
        settled, since = -1, time.monotonic()
        with MongoClient[Any](self.engines.mongo_url, serverSelectionTimeoutMS=500) as client:
            slots = self.database(client, "loyalty").slots
            while not self._watched.wait(0.3):
                for member in (*self.workers, *self.profiles):
                    found = member.look()
                    member.peak = max(member.peak, member.memory())
                    for lane in (found or {}).get("lanes", {}).values():
                        if "begins at offset" in lane["stopped_by"]:
                            self.gaps.add(lane["stopped_by"])
                try:
                    marks = {(m["topic"], m["partition"]): m["settled"] for m in slots.find({"closed": False})}
                except PyMongoError:
                    continue
                total = sum(marks.values())
                behind = any(marks.get(place, 0) < end for place, end in list(self.ends.items()))
                if total != settled or not behind:
                    settled, since = total, time.monotonic()
                self.longest_stall = max(self.longest_stall, time.monotonic() - since)


def resident(pid: int | None) -> float:
    """Megabytes of a process that are its own (not of a file, not shared with who forked it) and in memory."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines[1:])}
    return (sizes["Private_Dirty"] + sizes["Private_Clean"]) / 1024


def until(condition: Any, seconds: float, complaint: Any, pause: float = 0.1) -> None:
    """Wait for a condition; after the deadline an AssertionError with the complaint (a callable)."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint()
        time.sleep(pause)
