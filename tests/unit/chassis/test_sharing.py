"""How workers share partitions: `roundrobin`, which Faust takes without standby replicas, as we set it; and its own way."""

import math
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from hypothesis import given
from hypothesis import strategies as st

from chassis.stream.worker import WATCH, Worker, make_app

CLUSTER: Any = SimpleNamespace(partitions_for_topic=lambda topic: set(range(64 if topic == "journal" else 4)))
TOPICS = {"journal": 64, "intake": 4}
WAYS: dict[str, list[Any]] = {
    "faust": [make_app("sharing", "127.0.0.1:1", 6.0).assignor for _ in range(9)],
    "roundrobin": [RoundRobinPartitionAssignor] * 9,
}


def shared(way: list[Any], members: list[int]) -> list[dict[str, list[int]]]:
    """What each of these members gets when they are the group; they remember it until the next time."""
    shown = {f"m{number}": way[number].metadata(set(TOPICS)) for number in members}
    given_out = way[members[0]].assign(CLUSTER, shown)
    for number in members:
        way[number].on_assignment(given_out[f"m{number}"])
    return [dict(given_out[f"m{number}"].assignment) for number in members]


@pytest.mark.parametrize("way", WAYS)
@given(groups=st.lists(st.sets(st.integers(0, 8), min_size=1), min_size=1, max_size=6))
def test_each_partition_has_one_worker_none_more_than_its_share_rounded_up_and_none_nothing(
    way: str, groups: list[set[int]]
) -> None:
    for group in groups:
        shares = shared(WAYS[way], sorted(group))
        for topic, partitions in TOPICS.items():
            counts = [len(share.get(topic, [])) for share in shares]
            assert sorted(each for share in shares for each in share.get(topic, [])) == list(range(partitions))
            assert max(counts) <= math.ceil(partitions / len(group))
            assert min(counts) >= min(1, partitions // len(group))


def test_a_worker_with_nothing_is_ready_when_it_stays_at_that(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(make_app("idle", "127.0.0.1:1", 6.0), ["journal"], cast(Any, None))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert not worker.ready
    now += 3600
    assert not worker.ready, "nobody has said yet what it gets"
    worker.assigned(set())
    assert not worker.ready, "the first word may be of topics that are not known yet"
    now += 3 * WATCH
    assert worker.ready
