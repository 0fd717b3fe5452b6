"""The protocol survives every fault together, and each of its laws is needed: without it some seed goes wrong."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.simulator.run import ALL_FAULTS, run, run_sharing

SEEDS_PER_SHARD = 170
SHARDS = 6

LAWS = {
    "unique": "the next version is an insert under a unique number",
    "memory": "what an entity knows is part of its version",
    "watermark": "a batch starts exactly at the watermark, which moves by compare-and-set",
    "newest view": "a view is replaced only by a newer one",
    "stub": "compaction never frees a number",
    "republish": "whoever settles a fact publishes what it said, whoever wrote the version",
    "resync": "after any failure views are refreshed from the chains",
    "reload before dead": "a refusal is believed only on the newest version",
    "todo": "a version of a door is marked until it is published and viewed",
    "table": "an older release does not take a slot once the newer one is final",
    "close": "closing an incarnation publishes what it had not settled",
}


@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_is_lost_or_doubled_under_all_faults(shard: int) -> None:
    hits: Counter[str] = Counter()
    for seed in range(shard * SEEDS_PER_SHARD, (shard + 1) * SEEDS_PER_SHARD):
        problems, done = run(seed)
        hits += done.world.hits
        assert not problems, f"seed {seed}: {problems}; replay with tests.simulator.run.run({seed})"
    quiet = [name for name in FAULTS_SEEN if not hits[name]]
    assert not quiet, f"these faults never happened, so nothing was shown: {quiet}"


def test_nothing_is_lost_when_lanes_share_what_they_keep() -> None:
    """One has to leave for another's; and lanes that come later find what earlier ones of their slot left."""
    hits: Counter[str] = Counter()
    for seed in range(SEEDS_PER_SHARD):
        problems, done = run_sharing(seed)
        hits += done.world.hits
        assert done.lanes > len(done.kept), "no lane found what another one keeps"
        assert not problems, f"seed {seed}: {problems}; replay with tests.simulator.run.run_sharing({seed})"
    assert hits["lost race"] and hits["zombie"]


FOUND = {
    1413: "a new slot for an older release",
    6407: "a view that was nobody's to make",
    50611: "a fact that only the newer release knows comes after later ones (the checker had not allowed it)",
}
"""Seeds that found something, and what."""


@pytest.mark.parametrize("seed", FOUND, ids=FOUND.values())
def test_what_a_seed_found_is_mended(seed: int) -> None:
    assert run(seed)[0] == []


FAULTS_SEEN = (
    "crash",
    "zombie",
    "lost reply",
    "stale view",
    "compaction",
    "failover",
    "rolled back",
    "restore",
    "recreate",
    "jump",
    "lost race",
    "zombie write refused",
    "replays",
    "duplicate dropped",
    "timer fired",
    "view retried",
    "finalized",
    "older release stopped",
)


def test_without_faults_nothing_is_wrong_either() -> None:
    for seed in range(100):
        assert run(seed, frozenset({"duplicates", "conflict"}))[0] == []


def test_a_seed_replays_exactly_in_any_process() -> None:
    assert _fingerprint("1") == _fingerprint("2")


def _fingerprint(hash_seed: str) -> str:
    code = "from tests.simulator.run import run\nfor s in range(40): print(run(s)[1].steps, sorted(run(s)[1].world.hits.items()))"
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("law", sorted(LAWS))
def test_each_law_is_needed(law: str) -> None:
    """Without it, one of a few hundred seeds goes wrong: the checker sees what the law prevents."""
    for seed in range(800):
        if _goes_wrong(seed, law):
            return
    pytest.fail(f"nothing went wrong without: {LAWS[law]}")


def _goes_wrong(seed: int, law: str) -> bool:
    try:
        return bool(run(seed, ALL_FAULTS, frozenset({law}))[0])
    except Exception:  # a world without this law may break in any way
        return True
