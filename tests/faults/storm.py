"""Runs of faults: processes that die at named places, one after another; kills, pauses and ends in order."""

import random
import signal
import time
from collections import Counter

from tests.faults.cluster import Cluster, Member, until
from tests.faults.verdict import seen

RARE = ("timer", "sweep", "compaction")
CALLS = {
    "lane": ("watermarks", "watermark", "views", "insert", "recall", "heads", "bury", "publish", "advance"),
    "view": ("watermark", "touched", "heads", "replace_views", "mark_viewed"),
    "door": ("heads", "insert", "recall", "publish", "replace_views", "finish"),
    "timer": ("heads", "insert", "publish", "replace_views", "finish"),
    "sweep": ("unfinished", "publish", "heads", "replace_views", "finish"),
    "compaction": ("views", "links", "watermark", "join", "stub"),
}
WRITES = ("insert", "bury", "publish", "advance", "replace_views", "mark_viewed", "finish", "join", "stub")
SELDOM = ("watermarks", "bury", "heads", "recall", "publish", "advance")

AROUND_WRITES = [
    f"{role}.{call}.{when}"
    for role, calls in CALLS.items()
    for call in calls
    if call in WRITES
    for when in ("before", "after")
]
"""Where a crash leaves another state behind than a moment before."""

PLACES = [
    *AROUND_WRITES,
    *(f"{role}.{call}.before" for role, calls in CALLS.items() for call in calls if call not in WRITES),
]
"""Those, and every read: what dies after a read has done no more than what dies before it.

Opening and closing a slot happen once, and have tests of their own.
"""

CRASHED = 137


class Storm:
    """Crashes at every place until each had its number of hits."""

    def __init__(self, cluster: Cluster, seed: int, places: list[str], wanted: int, patience: float = 9.0) -> None:
        self.cluster, self.places, self.wanted, self.patience = cluster, places, wanted, patience
        self.dice = random.Random(seed)
        self.hits: Counter[str] = Counter()
        self.other: Counter[str] = Counter()
        self._given: dict[Member, dict[str, int]] = {}

    @property
    def missing(self) -> list[str]:
        """Places that had too few hits so far."""
        return [place for place in self.places if self.hits[place] < self.wanted]

    def rage(self, seconds: float) -> None:
        """Let processes die and start them again, until all places had their hits or the time is over."""
        deadline, told = time.monotonic() + seconds, time.monotonic()
        while self.missing and time.monotonic() < deadline:
            if time.monotonic() - told > 30:
                told = time.monotonic()
                print(
                    f"{self.hits.total()} crashes, {len(self.missing)} of {len(self.places)} places not done",
                    flush=True,
                )
            for member in (*self.cluster.workers, *self.cluster.apis):
                self._tend(member)
            time.sleep(0.05)

    def _tend(self, member: Member) -> None:
        if member.alive:
            given = self._given.get(member)
            useless = bool(given) and not any(self.hits[place] < self.wanted for place in given or ())
            late = bool(given) and time.monotonic() - member.started_at > self.patience
            if given is None or useless or late:
                member.process.kill()
                self.other["SIGKILL"] += given is not None
                self._start(member)
            return
        self._count(member)
        self._start(member)

    def _count(self, member: Member) -> None:
        if (
            member.process.exit_code == 1
        ):  # it gave up by itself (a database too busy at the start): it is started again
            self.other["gave up"] += 1
            assert self.other["gave up"] < 20, member.process.report()
            return
        assert member.process.exit_code == CRASHED, member.process.report()
        died = [line.split()[3].rstrip(",") for line in member.faults() if line.startswith("fault: dying")]
        assert len(died) == 1, member.process.report()
        self.hits[died[0]] += 1

    def _start(self, member: Member) -> None:
        self._given[member] = given = self._choose(member)
        member.start(HEARTH_CRASH_AT=",".join(f"{place}:{times}" for place, times in given.items()))

    def _choose(self, member: Member) -> dict[str, int]:
        """Doors: any place of theirs. Workers: one place of lanes or views, or every rare one, whichever comes first."""
        roles = ("door",) if member.role == "api" else ("lane", "view")
        missing = [place for place in self.missing if place.split(".")[0] in roles]
        rare = [place for place in self.missing if place.split(".")[0] in RARE]
        if member.role == "worker" and rare and (not missing or self.dice.random() < 0.6):
            return dict.fromkeys(rare, 1)
        chosen = self.dice.sample(missing, min(len(missing), 2))
        return {place: 1 if place.split(".")[1] in SELDOM else self.dice.randint(1, 4) for place in chosen}

    def calm(self) -> None:
        """Start all members once more, without faults."""
        for member in (*self.cluster.workers, *self.cluster.apis):
            if member.alive:
                member.process.kill()
            elif self._given.get(member):
                self._count(member)
            member.start()
        self.cluster.ready()


class Mix:
    """SIGKILL, SIGTERM, SIGSTOP beyond the session, and zombies that wake up in front of a write."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster, self.dice = cluster, random.Random(seed)
        self.done: Counter[str] = Counter()

    def go(self, actions: int) -> None:
        """Some faults, one after another, each of a random kind on a random worker."""
        kinds = (self.kill, self.terminate, self.pause, self.zombie)
        for number in range(actions):
            member = self.dice.choice([*self.cluster.workers, *self.cluster.profiles])
            if number < 4:
                kinds[number](self.cluster.workers[number % len(self.cluster.workers)])
            else:
                self.dice.choice(kinds)(member)

    def kill(self, member: Member) -> None:
        """SIGKILL at any moment, then another process."""
        time.sleep(self.dice.random())
        member.process.kill()
        self._again(member, "SIGKILL")

    def terminate(self, member: Member) -> None:
        """SIGTERM: it ends by itself, in order."""
        member.process.send(signal.SIGTERM)
        assert member.process.wait(40), member.process.report()
        assert member.process.exit_code == 0, member.process.report()
        self._again(member, "SIGTERM")

    def pause(self, member: Member) -> None:
        """SIGSTOP at any moment, longer than the session; it goes on as if nothing had happened."""
        time.sleep(self.dice.random())
        member.process.send(signal.SIGSTOP)
        time.sleep(self.cluster.session + 2.5)
        member.process.send(signal.SIGCONT)
        self.done["SIGSTOP"] += 1
        self._ready(member)

    def zombie(self, member: Member) -> None:
        """Stop in front of an insert until another worker has written what it was about to write; awake, its write must
        be refused. The end of its lane may come before the call is made, then nothing is refused: once more, a few times.
        """
        self.done["zombie refused"] += any(self._refused(member) for _ in range(5))
        self.done["zombie"] += 1

    def _refused(self, member: Member) -> bool:
        member.process.kill()
        member.start(HEARTH_PAUSE_AT=f"lane.insert.before:{self.dice.randint(3, 30)}")
        until(
            lambda: any("pausing" in line for line in member.faults()),
            180,
            lambda: f"no insert of {member.name}: {member.process.report()}",
        )
        seen(self.cluster, service=member.service)
        before = member.counts["lost_races"]
        member.process.send(signal.SIGCONT)
        self._ready(member)
        try:
            until(lambda: member.look() is not None and member.counts["lost_races"] > before, 30, lambda: "")
        except AssertionError:
            until(lambda: member.look() is not None, 60, lambda: member.process.report())
            return False
        return True

    def _again(self, member: Member, name: str) -> None:
        self.done[name] += 1
        member.start()
        self._ready(member)

    def _ready(self, member: Member) -> None:
        until(lambda: member.ask("/readyz") is not None, 180, lambda: member.process.report())
