"""One process whose clock is an hour wrong: nothing is lost or doubled, facts keep their times, no timer fires early."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.faults import verdict
from tests.faults.chains import read
from tests.faults.cluster import CLOCK_RATE, Cluster, Member
from tests.faults.load import RECORDED, Load
from tests.faults.runs import check, ended, moved, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("hours", [1, -1], ids=["ahead", "behind"])
@pytest.mark.parametrize("who", ["worker", "door", "profile"])
def test_a_clock_is_an_hour_wrong(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], who: str, hours: int
) -> None:
    cluster = make_cluster(make_engines(), workers=2, profiles=2, apis=2)
    wrong = {"worker": cluster.workers, "door": cluster.apis, "profile": cluster.profiles}[who][0]
    wrong.ahead = hours * HOUR
    with under_load(cluster, 57) as (load, clients):
        moved(cluster, load, 1_500)
        off = told(wrong) - cluster.now()
        did = work_of(wrong)
    report = ended(cluster, load, clients, seconds=240)
    report.faults[f"clock of a {who} wrong"] = int(abs(off - hours * HOUR) < HOUR / 4) * did
    assert_nobody_was_mistimed(cluster, load)
    assert_no_timer_fired_early(cluster)
    check(report, races=False)


def told(member: Member) -> datetime:
    """What time it is for a process."""
    answer = member.ask("/v1/clock", 30)
    assert answer is not None, member.process.report()
    return datetime.fromisoformat(answer["now"])


def work_of(member: Member) -> int:
    """What the process has done so far: facts applied, or requests answered by a door that is ready."""
    if member.role == "api":
        return int(member.ask("/readyz") is not None)
    member.look()
    return member.counts["applied"]


def assert_nobody_was_mistimed(cluster: Cluster, load: Load) -> None:
    """Facts of the log have the two times they came with, in every chain."""
    times = {event["id"]: event["time"] for event in load.facts.values()}
    for service in ("loyalty", "profile"):
        for chain in read(cluster, service).chains.values():
            for fact in chain.facts:
                if fact.id in times:
                    assert (fact.time, fact.recorded_at) == (times[fact.id], RECORDED), (service, chain.entity, fact.id)


def assert_no_timer_fired_early(cluster: Cluster) -> None:
    """What a timer said reached the broker, whose clients have the machine's clock, when the run's clock was past due."""
    due = {
        fact.id: datetime.fromisoformat(str(msgspec.msgpack.decode(fact.data)["due_at"]))
        for chain in read(cluster, "loyalty").chains.values()
        for fact in chain.facts
        if fact.type == verdict.DUE
    }
    fired = said_by_timers(cluster)
    assert fired, "no timer fired"
    early = {name: (due[name], at) for name, at in fired.items() if at < due[name]}
    assert not early, early


def said_by_timers(cluster: Cluster) -> dict[str, datetime]:
    """Cause id -> the run's time at which the first outgoing fact of a timer was made into a record."""
    ends = {place: end for place, end in verdict.log_ends(cluster, [cluster.said]).items() if end}
    consumer = Consumer({"bootstrap.servers": cluster.engines.bootstrap, "group.id": "clock", "log_level": 2})
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in ends])
    fired: dict[str, datetime] = {}
    left = dict(ends)
    while left:
        for message in consumer.consume(2_000, 1.0):
            cause = msgspec.json.decode(message.value())["cause"]
            if cause["type"] == verdict.DUE:
                made = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
                fired.setdefault(cause["id"], cluster.time_at(made))
            if message.offset() + 1 >= ends[message.topic(), message.partition()]:
                left.pop((message.topic(), message.partition()), None)
    consumer.close()
    return fired


assert HOUR.total_seconds() < CLOCK_RATE * 180, "an hour passes while a run waits for what is late by one"
