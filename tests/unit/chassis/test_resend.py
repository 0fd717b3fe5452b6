"""What a topic that was made again lacks is said again: all of it, in the same bytes, and noted only then."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from chassis.fold.model import Out
from chassis.fold.ports import Transient
from chassis.fold.resend import CHUNK, Resending
from chassis.stream.topics import TopicFound

NOW = datetime(2026, 3, 31, tzinfo=UTC)


class Place:
    """A broker's topics, a database's notes and what was said; fails at the n-th part published, once."""

    def __init__(self, said: int) -> None:
        self.ids = {"own": "1", "other": "1"}
        self.noted: dict[str, str] = {}
        self.outs = [Out(f"{n}", 0, ("own", "other", "foreign")[n % 3], b"k", b"v", ()) for n in range(said)]
        self.sent: list[Out] = []
        self.since: list[datetime] = []
        self.fails_at = -1

    async def find(self, names: Sequence[str]) -> dict[str, TopicFound]:
        return {name: TopicFound(self.ids[name], 4) for name in names if name in self.ids}

    async def incarnations(self) -> dict[str, str]:
        return dict(self.noted)

    async def note_incarnations(self, of: dict[str, str]) -> None:
        self.noted |= of

    async def said(self, since: datetime) -> AsyncIterator[Sequence[Out]]:
        self.since.append(since)
        for out in self.outs:
            yield [out]

    async def publish(self, outs: Sequence[Out]) -> None:
        self.fails_at -= 1
        if self.fails_at == 0:
            raise Transient("broker")
        self.sent += outs

    def resending(self) -> Resending:
        return Resending(self, self, {"own": 30, "other": 7, "not made yet": 1}, self.find, [self.said])


async def test_nothing_is_said_to_a_new_topic_by_an_empty_database() -> None:
    place = Place(0)
    assert await place.resending().resend(NOW) == 0
    assert place.noted == {"own": "1", "other": "1"}
    place.outs = Place(30).outs
    assert await place.resending().resend(NOW) == 0
    assert (place.sent, place.since) == ([], [NOW - timedelta(days=30)])


async def test_a_topic_that_was_made_again_gets_all_that_was_said_to_it() -> None:
    place = Place(6 * CHUNK)
    place.noted = {"own": "1", "other": "1"}
    place.ids["other"] = "2"
    assert await place.resending().lacking() == {"other": "2"}
    assert await place.resending().resend(NOW) == 2 * CHUNK
    assert place.sent == [out for out in place.outs if out.topic == "other"]
    assert place.since == [NOW - timedelta(days=7)]
    assert await place.resending().lacking() == {}


@pytest.mark.parametrize("fails_at", [1, 2, 3])
async def test_an_incarnation_is_noted_only_when_it_has_everything(fails_at: int) -> None:
    place = Place(3 * CHUNK + 3)
    place.fails_at = fails_at
    with pytest.raises(Transient):
        await place.resending().resend(NOW)
    assert place.noted == {}
    await place.resending().resend(NOW)
    assert {out.id for out in place.sent} == {out.id for out in place.outs if out.topic != "foreign"}
    assert place.noted == {"own": "1", "other": "1"}


async def test_a_topic_that_is_made_again_meanwhile_gets_it_all_again() -> None:
    place = Place(9)
    publish = place.publish

    async def publish_slowly(outs: Sequence[Out]) -> None:
        await publish(outs)
        place.ids["own"] = "2"

    place.publish = publish_slowly
    await place.resending().resend(NOW)
    assert await place.resending().lacking() == {"own": "2"}
