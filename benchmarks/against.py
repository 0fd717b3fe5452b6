"""Peers: `python -m benchmarks.against NAME [FACTS] [--quick]`. Others' ways to take records, or to keep the same view.

A peer is a process that never ends by itself, as in production: it prints one line when it is through the work, is
ended, and what it left in the database (or says of its own stores) must be every fact, and all of the money, once.
Engines by `KAFKA_BOOTSTRAP` and `MONGO_URL`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pymongo import MongoClient

from benchmarks.delivery import publish_plain
from benchmarks.workload import J1, PARTITIONS, QUICK, Work, publish
from chassis.stream.topics import Topics
from deploy.local import download, kafka
from deploy.local.paths import ROOT
from deploy.local.process import Process
from deploy.setup import environment_of

PATIENCE = 600.0
FEN = 100_000_000
"""What every second fact of the work pays."""

STREAMS = Path(__file__).parent / "peers" / "kafka_streams"
KAFKA_STREAMS = "state_kafka_streams_eos"


class Stored(NamedTuple):
    """How many facts and how much money (fen) a peer's views hold."""

    facts: int
    paid: int


def expected(work: Work) -> Stored:
    """What must be there after all of it."""
    return Stored(work.facts, (work.facts + 1) // 2 * FEN)


def stored(documents: Sequence[dict[str, Any]]) -> Stored:
    """What is in the documents of customers."""
    kinds = [kind for each in documents for kind in each["kinds"].values()]
    return Stored(sum(kind["count"] for kind in kinds), sum(each.get("paid", 0) for each in documents))


def python_of(peer: str) -> str:
    """The interpreter of a peer: stock Faust is in ours, the others have an environment of their own."""
    return sys.executable if peer.endswith("_faust") else str(environment_of("bench") / "bin" / "python")


def command(peer: str) -> list[str]:
    """How a peer is started; what it is to do stands in `PEER_TOPIC`, `PEER_FACTS` and `PEER_FOLDER` (its own state)."""
    if peer == KAFKA_STREAMS:
        libs = jars()
        return [download.tool("java", kafka.WHY), "-cp", f"{libs}{os.pathsep}{libs}/*", "Customers"]
    module = peer.removesuffix("_batch")
    options = ["--batch"] if module != peer else []
    return [python_of(peer), "-m", f"benchmarks.peers.{module}", *options]


def jars() -> Path:
    """The folder of Kafka Streams and of the class that uses it, built once a machine for these very sources."""
    sources = [STREAMS / "pom.xml", *sorted(STREAMS.rglob("*.java"))]
    print_ = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:12]
    name = f"kafka-streams-{kafka.VERSION}-{print_}"

    def build(folder: Path) -> None:
        shutil.copytree(STREAMS, folder, dirs_exist_ok=True)
        goals = ["package", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        places = [f"-DoutputDirectory={folder / 'target' / 'classes'}"]
        download.build_step([download.tool("mvn", kafka.WHY), "-B", "-q", *goals, *places], folder, name)

    return download.cached(name, build, lambda text: print(text, file=sys.stderr)) / "target" / "classes"


def measure(peer: str, work: Work) -> dict[str, float]:
    """Publish the work, let the peer through it; returns what it says."""
    topic = f"{os.environ['HEARTH_NAMESPACE']}.{peer}"
    send(peer, topic, work)
    with tempfile.TemporaryDirectory() as folder:
        plan = {"PEER_TOPIC": topic, "PEER_FACTS": str(work.facts), "PEER_FOLDER": folder}
        said = listen(command(peer), {**os.environ, **plan, "PYTHONPATH": str(ROOT)}, Path(folder) / "peer.log")
    if not peer.startswith("delivery_"):
        found = Stored(said["facts"], said["paid"]) if "facts" in said else in_database(topic.replace(".", "_"))
        assert found == expected(work), f"{peer} came to {found}, not to {expected(work)}"
    return said


def send(peer: str, topic: str, work: Work) -> None:
    """Make the topic and fill it; delivery is measured with records without headers."""
    bootstrap = os.environ["KAFKA_BOOTSTRAP"]
    asyncio.run(Topics(bootstrap).create({topic: (PARTITIONS, 1, {})}))
    if peer.startswith("delivery_"):
        publish_plain(bootstrap, topic, work.facts)
    else:
        publish(bootstrap, topic, work)


def listen(started: list[str], environ: dict[str, str], log: Path) -> dict[str, Any]:
    """The one line of JSON that a peer prints; then it is ended."""
    process = Process("peer", started, log, environ)
    process.spawn()
    try:
        process.wait_until(lambda: line_of(log.read_text()) is not None, PATIENCE)
        return json.loads(line_of(log.read_text()) or "")
    finally:
        process.stop(10)


def line_of(text: str) -> str | None:
    """The first whole line that is an object."""
    whole = text.splitlines(keepends=True)
    return next((line for line in whole if line.startswith("{") and line.endswith("\n")), None)


def in_database(name: str) -> Stored:
    """What a peer left there."""
    with MongoClient[Any](os.environ["MONGO_URL"]) as client:
        return stored(list(client[name]["customers"].find()))


if __name__ == "__main__":
    asked = [each for each in sys.argv[1:] if not each.startswith("--")]
    whole = QUICK if "--quick" in sys.argv else J1
    facts = min(int(asked[1]), whole.facts) if len(asked) > 1 else whole.facts
    print(json.dumps(measure(asked[0], whole._replace(facts=facts))))
