"""The loop that fires what is due: nobody waits behind what cannot be fired here, and one failure stops nothing else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chassis.background import AT_ONCE, TimerLoop
from chassis.fold.model import Key, waits_for_nothing
from chassis.fold.ports import Transient

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Waiting:
    """Entities that wait, the earliest first, and the timers that end it."""

    def __init__(self, *names: str, fails: dict[str, Exception] | None = None) -> None:
        self.names, self.fails, self.fired = names, fails or {}, list[str]()

    async def due(self, kind: str, upto: datetime, limit: int = 0) -> AsyncIterator[tuple[Key, datetime]]:
        assert kind != "idle", "its entities wait for nothing"
        for number, name in enumerate(self.names[: limit or None]):
            yield Key(kind, name), upto - timedelta(seconds=len(self.names) - number)

    async def fire(self, key: Key, horizon: datetime, now: datetime) -> int:
        if key.id in self.fails:
            raise self.fails[key.id]
        self.fired.append(key.id)
        return 1

    def loop(self, **horizons: datetime | None) -> TimerLoop:
        """A loop over them; an entity has the horizon that its first letter has, or now."""
        clock: Any = SimpleNamespace(now=lambda: NOW)
        timers: Any = self
        kinds: Any = {
            "account": SimpleNamespace(due=lambda _state: None),
            "idle": SimpleNamespace(due=waits_for_nothing),
        }
        return TimerLoop(self, timers, kinds, clock, lambda key: horizons.get(key.id[0], NOW))  # type: ignore[arg-type]


async def test_many_that_cannot_be_fired_here_hold_up_nobody() -> None:
    """A thousand of a partition that stands still were the earliest: five hundred were looked at, and nobody else's turn came."""
    waiting = Waiting(*(f"x{number}" for number in range(1000)), "a1", "b1", "a2")
    await waiting.loop(x=None, b=NOW - timedelta(days=1)).tick()
    assert waiting.fired == ["a1", "a2"]


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 5 * AT_ONCE])
async def test_everything_is_fired_once_in_order(count: int) -> None:
    waiting = Waiting(*(f"a{number}" for number in range(count)))
    loop = waiting.loop()
    await loop.tick()
    assert waiting.fired == list(waiting.names)
    assert loop.fired == count


async def test_an_entity_that_fails_stops_nobody_and_a_database_that_is_away_ends_the_look() -> None:
    waiting = Waiting(*(f"a{number}" for number in range(40)), fails={"a3": ValueError("a bug")})
    await waiting.loop().tick()
    assert len(waiting.fired) == 39
    waiting = Waiting(*(f"a{number}" for number in range(40)), fails={"a3": Transient("database")})
    with pytest.raises(Transient):
        await waiting.loop().tick()
    assert waiting.fired == [name for name in waiting.names[:AT_ONCE] if name != "a3"], (
        "those beside it came to their end"
    )
