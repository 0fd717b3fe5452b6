"""A topic made anew, a broker that restarts, a database that dies, and one that comes back from a copy."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from pymongo import MongoClient

from tests.faults import verdict
from tests.faults.clients import Clients, Sent
from tests.faults.cluster import Cluster, until
from tests.faults.load import seeded
from tests.faults.runs import begun, check, ended, moved, somebody_waits

pytestmark = pytest.mark.timeout(900)

Engines = Callable[..., Any]
Clusters = Callable[..., Cluster]


def remade(cluster: Cluster) -> None:
    """Delete the journal and create it again at once."""
    admin = AdminClient({"bootstrap.servers": cluster.engines.bootstrap, "log_level": 2})
    count = len(admin.list_topics(cluster.journal, timeout=10).topics[cluster.journal].partitions)
    admin.delete_topics([cluster.journal])[cluster.journal].result()

    def created() -> bool:
        try:
            admin.create_topics([NewTopic(cluster.journal, count, 1)])[cluster.journal].result()
        except KafkaException as error:
            assert error.args[0].name() == "TOPIC_ALREADY_EXISTS", error
            return False
        return True

    until(created, 120, lambda: "the topic was not created again", pause=0.01)


@pytest.mark.parametrize("workers", ["run", pytest.param("are down", marks=pytest.mark.slow)])
def test_a_topic_is_made_again_with_more_records_than_the_old_position(
    make_engines: Engines, make_cluster: Clusters, workers: str
) -> None:
    cluster = make_cluster(make_engines(), apis=0)
    load = begun(cluster, seeded(41))
    for _ in range(1_500):
        load.step()
    load.producer.flush(60)
    verdict.seen(cluster)
    old = dict(cluster.ends)
    if workers == "are down":
        for member in cluster.members:
            member.process.kill()
        for _ in range(200):
            load.step()
        load.producer.flush(60)
    remade(cluster)
    load.renew()
    load.rubbish = 0  # which of two contents comes first is not promised while a lane still reads the old incarnation
    load.again()
    for _ in range(2_500):
        load.step()
    load.stop()
    assert all(cluster.ends[place] > end for place, end in old.items()), "fewer records than the old position"
    cluster.start()
    report = ended(cluster, load)
    report.faults["topic made again"] = 1
    check(report, races=False)
    assert report.duplicates > 1_500, "the old facts were not read again"


def test_a_gap_is_named_and_nothing_after_it_is_applied(make_engines: Engines, make_cluster: Clusters) -> None:
    """Retention was shorter than the outage: the lane stops, until the gap is accepted and the owner sends again."""
    cluster = make_cluster(make_engines(), apis=0)
    load = begun(cluster, seeded(45))
    load.rubbish = 0
    for member in cluster.members:
        member.process.stop()
    before = marks(cluster)
    for _ in range(300):
        load.step()
    load.producer.flush(60)
    gone = [place for place, end in cluster.ends.items() if end - before[place][1] > 20]
    admin = AdminClient({"bootstrap.servers": cluster.engines.bootstrap, "log_level": 2})
    cuts = {place: cluster.ends[place] - 10 for place in gone}
    for done in admin.delete_records([TopicPartition(*place, cut) for place, cut in cuts.items()]).values():
        done.result()
    cluster.start()
    until(
        lambda: all(stopped(cluster, service) >= len(gone) for service in ("loyalty", "profile")),
        180,
        lambda: "no lane stopped at the gap",
    )
    after = marks(cluster)
    assert all(after[place] == before[place] for place in gone), "something after the gap was applied"
    for member in cluster.members:
        member.process.stop()
    for service in ("loyalty", "profile"):
        for place, (slot, _) in marks(cluster, service).items():
            if place in gone:
                cluster.once(service, "task", "accept-gap", slot, str(cuts[place]))
    cluster.start()
    load.again()
    load.stop()
    report = ended(cluster, load)
    report.faults["gap"] = len(gone)
    assert report.gaps, "the gap was not seen in the state"
    report.gaps.clear()
    check(report, races=False)


def stopped(cluster: Cluster, service: str) -> int:
    """How many lanes of a service stopped at a gap."""
    lanes = [
        lane
        for member in cluster.members
        if member.service == service
        for lane in (member.look() or {}).get("lanes", {}).values()
    ]
    return sum("begins at offset" in lane["stopped_by"] for lane in lanes)


def marks(cluster: Cluster, service: str = "loyalty") -> dict[tuple[str, int], tuple[str, int]]:
    """Slot and offset settled of each partition."""
    with MongoClient[Any](cluster.engines.mongo_url) as client:
        slots = cluster.database(client, service).slots.find({"closed": False})
        return {(slot["topic"], slot["partition"]): (slot["_id"], slot["settled"]) for slot in slots}


@pytest.mark.slow
def test_the_broker_restarts(make_engines: Engines, make_cluster: Clusters) -> None:
    engines = make_engines()
    cluster = make_cluster(engines)
    load = begun(cluster, seeded(42))
    clients = Clients(cluster.apis, seed=seeded(42))
    clients.start()
    load.start()
    for _ in range(2):
        moved(cluster, load, 400)
        engines.broker.kill()
        engines.broker.start()
    moved(cluster, load, 400)
    load.stop()
    clients.stop()
    report = ended(cluster, load, clients)
    report.faults["broker restarted"] = 2
    check(report)


@pytest.mark.slow
def test_the_database_is_killed(make_engines: Engines, make_cluster: Clusters) -> None:
    engines = make_engines(sync_on_commit=True)
    cluster = make_cluster(engines)
    load = begun(cluster, seeded(43))
    clients = Clients(cluster.apis, seed=seeded(43))
    clients.start()
    load.start()
    for _ in range(3):
        moved(cluster, load, 400)
        engines.database.kill()
        somebody_waits(cluster)
        engines.database.start()
    moved(cluster, load, 400)
    load.stop()
    clients.stop()
    report = ended(cluster, load, clients)
    report.faults["database killed"] = 3
    check(report)
    assert report.replays, "no batch was replayed: the database was not missed"


@pytest.mark.slow
def test_the_database_comes_back_from_a_copy(make_engines: Engines, make_cluster: Clusters, tmp_path: Path) -> None:
    engines = make_engines(sync_on_commit=True)
    cluster = make_cluster(engines)
    load = begun(cluster, seeded(44))
    clients = Clients(cluster.apis, seed=seeded(44))
    clients.start()
    load.start()
    moved(cluster, load, 1_000)
    engines.database.stop()
    copied_at = time.monotonic()
    shutil.copytree(engines.database.data, tmp_path / "copy")
    engines.database.start()
    moved(cluster, load, 1_500)
    clients.stop()
    for member in cluster.members:
        member.process.stop()
    engines.database.kill()
    shutil.rmtree(engines.database.data)
    shutil.copytree(tmp_path / "copy", engines.database.data)
    engines.database.start()
    for service in ("loyalty", "profile"):
        cluster.once(service, "task", "after-restore")
    cluster.start()
    cluster.ready()
    moved(cluster, load, 400)
    load.stop()

    def younger(command: Sent) -> bool:
        return command.at > copied_at

    report = ended(cluster, load, clients, restored=True, lost_ok=younger)
    report.faults["database restored"] = 1
    print(f"commands that a copy cannot bring back: {report.forgotten_commands}")
    check(report)
    assert report.forgotten_commands, "no command was younger than the copy: the copy was not older"
