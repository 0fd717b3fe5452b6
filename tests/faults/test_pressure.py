"""Bad events, a rule that fails for one customer, dead letters that cannot be kept, a slow database, a burst."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from pymongo import MongoClient

from tests.faults import verdict
from tests.faults.child import POISON
from tests.faults.cluster import Cluster, until
from tests.faults.load import HOT, Load, Story, seeded
from tests.faults.proxy import Proxy
from tests.faults.runs import begun, check, ended, moved, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MEGABYTES = 512
"""More than this no worker may have of its own, whatever happens: half of what the chart allows it."""

VISIT, VICTIM = "crm.visit.completed.v1", "customer-07"


def test_bad_events_and_a_rule_that_raises_for_one_customer(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]
) -> None:
    """Each becomes a dead letter, the rest flows; with the rule mended, the letters are sent again and are applied."""
    cluster = make_cluster(make_engines())
    for member in cluster.workers:
        member.settings = {POISON: f"{VISIT}={VICTIM}"}
    with under_load(cluster, 61, rate=200) as (load, clients):
        load.rubbish = 0.01
        moved(cluster, load, 2_500)
        letters = failed(cluster)
        assert {(letter["type"], letter["key"]) for letter in letters} == {(VISIT, VICTIM)}
        for member in cluster.workers:
            member.process.stop()
            member.settings = {}
        cluster.start()
        cluster.ready()
        moved(cluster, load, 200)
    for letter in failed(cluster):
        cluster.workers[0].tell(f"/v1/dead/{letter['_id']}/redrive")
    report = ended(cluster, load, clients, aside=lambda _service, letter: letter["code"] == "rule_failed")
    report.faults.update({"bad event": len(load.dead), "rule raised": len(letters)})
    check(report, races=False)
    assert len(load.dead) > 0.005 * len(load.facts), "hardly anything was bad"


def failed(cluster: Cluster) -> list[dict[str, Any]]:
    """Loyalty's dead letters of facts whose rule raised."""
    with MongoClient[Any](cluster.engines.mongo_url) as client:
        return list(cluster.database(client, "loyalty").dead.find({"code": "rule_failed"}))


def test_dead_letters_cannot_be_kept(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]) -> None:
    """A lane with a bad event waits until its letter is kept: nothing is passed over. The other lanes go on."""
    cluster = make_cluster(make_engines())
    with under_load(cluster, 62) as (load, clients), MongoClient[Any](cluster.engines.mongo_url) as client:
        load.rubbish = 0
        moved(cluster, load, 200)
        database = cluster.database(client, "loyalty")
        refuse_letters(database, True)
        load.spoil(HOT)
        load.producer.flush(30)
        (stuck,) = [place for place, _ in load.dead.items()]
        until(lambda: lane_waits(cluster, stuck[0]), 60, lambda: "the lane does not wait")
        others_move(cluster, client, load, stuck[0])
        settled = verdict._marks(cluster, client, "loyalty")[cluster.journal, stuck[0]][0]
        assert settled <= stuck[1], "the lane passed over a bad event that it could not keep"
        refuse_letters(database, False)
        moved(cluster, load, 300)
    report = ended(cluster, load, clients)
    report.faults["dead letter refused"] = int(report.replays > 0)
    check(report, races=False)


def refuse_letters(database: Any, refused: bool) -> None:
    """Let the database refuse every dead letter, or take them again."""
    rule = {"nobody has this": {"$exists": True}} if refused else {}
    if "dead" not in database.list_collection_names():
        database.create_collection("dead")
    database.command("collMod", "dead", validator=rule, validationLevel="strict", validationAction="error")


def lane_waits(cluster: Cluster, partition: int) -> bool:
    """Whether the worker that has this partition of the journal says that it waits."""
    found = [(member.look() or {}).get("lanes", {}) for member in cluster.workers]
    return any(lanes.get(f"{cluster.journal}[{partition}]", {}).get("waiting_for") for lanes in found)


def others_move(cluster: Cluster, client: Any, load: Load, but: int) -> None:
    """Wait until the other partitions have settled what is there now, and some hundred facts more."""
    for _ in range(2):
        goal = len(load.facts) + 200
        until(lambda goal=goal: len(load.facts) >= goal, 60, lambda: "the load stopped")
        ends = {place: end for place, end in verdict.log_ends(cluster, [cluster.journal]).items() if place[1] != but}
        until(lambda ends=ends: verdict._settled(cluster, client, "loyalty", ends), 60, lambda: "another lane stands")


def test_the_database_is_slow_for_a_minute(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], make_proxy: Callable[[int], Proxy]
) -> None:
    """Less passes than comes; the lag grows, memory does not, and afterwards the lag is gone."""
    engines = make_engines()
    proxy = make_proxy(engines.database.port)
    cluster = make_cluster(engines, MONGO_URL=f"mongodb://{proxy.address}/?directConnection=true")
    with under_load(cluster, 63, rate=200) as (load, clients):
        moved(cluster, load, 300)
        most = 0
        with proxy.slowed(0.25, 100_000):
            over = time.monotonic() + 60
            while time.monotonic() < over:
                most = max(most, lag(cluster))
                time.sleep(0.5)
        moved(cluster, load, 300, 240)
    report = ended(cluster, load, clients)
    report.faults.update({"database slow": proxy.done["slowed"], "facts behind": int(most > 300) * most})
    check(report, races=False)
    assert 0 < report.most_memory < MEGABYTES


def test_a_producer_sends_a_hundred_thousand_at_once(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]
) -> None:
    """To the workers they come at once: none is there while they are sent, however slow that is."""
    cluster = make_cluster(make_engines(), apis=0)
    seed = seeded(64)
    load = begun(cluster, seed, story=Story(seed, count=2_000, hot=0.02))
    for worker in cluster.workers:
        worker.process.stop()
    while len(load.facts) < 100_000:
        load.step()
    load.producer.flush(120)
    behind = lag(cluster)
    cluster.start()
    load.stop()
    report = ended(cluster, load, seconds=300)
    report.faults.update({"facts at once": len(load.facts), "facts behind": int(behind >= 100_000) * behind})
    check(report, races=False)
    assert 0 < report.most_memory < MEGABYTES


def lag(cluster: Cluster) -> int:
    """How many records of the journal loyalty has not settled."""
    with MongoClient[Any](cluster.engines.mongo_url) as client:
        marks = verdict._marks(cluster, client, "loyalty")
    return sum(max(0, end - marks.get(place, (0, 0))[0]) for place, end in list(cluster.ends.items()))
