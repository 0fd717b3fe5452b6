"""Group commit over the simulator's store: one version for many commands, one answer per intent."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from chassis.commands import Commands, command_id
from chassis.errors import IdempotencyKeyMissing, IdempotencyKeyReused, PreconditionFailed
from chassis.fold import Key
from chassis.fold.doors import Command, Door
from chassis.fold.rules import Folder
from tests.behaviours.test_store import Patient
from tests.simulator.script import KINDS, RULES, START, Fact, Language, Policies, Refused

ANN = Key("account", "ann")


class Silent:
    """A broker that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def publish(self, outs: Any) -> None:
        await asyncio.sleep(0)
        self.sent += [out.id for out in outs]


def commands() -> tuple[Commands, Any, Silent]:
    store, broker = Patient(), Silent()
    folder = Folder(RULES, Language(), Policies())
    return Commands(Door(store, broker, folder, KINDS)), store, broker  # type: ignore[arg-type]


def command(name: str, *data: Any, expected: int | None = None) -> Command:
    return Command(Fact("door", name, "command", "ann", START, START, data), expected)


async def test_commands_that_wait_together_become_few_versions() -> None:
    door, store, broker = commands()
    done = await asyncio.gather(*(door.execute(ANN, command(f"c{n}")) for n in range(32)))
    assert (
        sorted(int(one.answer) for one in done) == sorted([len(done)] * 31 + [1]) or len({one.seq for one in done}) <= 3
    )
    head = (await store.heads([ANN]))[ANN]
    assert head.seq <= 3
    assert set(head.state.applied) == {f"c{n}" for n in range(32)}
    assert len(set(broker.sent)) == 32
    assert (await store.views([ANN]))[ANN] == head


async def test_each_version_of_a_door_is_told_when_it_is_finished() -> None:
    store, written = Patient(), list[int]()
    folder = Folder(RULES, Language(), Policies())
    door = Door(store, Silent(), folder, KINDS, lambda head: written.append(head.seq))  # type: ignore[arg-type]
    for name in ("c1", "c2", "c1"):
        await door.execute(ANN, [command(name)])
    assert written == [1, 2]
    assert await store.unfinished(START + timedelta(days=1)) == []


async def test_a_repeated_command_gets_the_same_answer_and_no_new_version() -> None:
    door, store, _ = commands()
    first = await door.execute(ANN, command("c1"))
    await door.execute(ANN, command("c2"))
    again = await door.execute(ANN, command("c1"))
    assert (again.answer, again.seq, again.repeated) == (first.answer, first.seq, True)
    assert (await store.heads([ANN]))[ANN].seq == 2


async def test_the_same_key_for_another_request_is_refused() -> None:
    door, _, _ = commands()
    await door.execute(ANN, command("c1"))
    with pytest.raises(IdempotencyKeyReused):
        await door.execute(ANN, command("c1", None))


async def test_one_that_fails_does_not_fail_its_neighbours() -> None:
    door, store, _ = commands()
    good, bad = await asyncio.gather(
        door.execute(ANN, command("c1")), door.execute(ANN, command("c2", "never")), return_exceptions=True
    )
    assert isinstance(bad, Refused)
    assert not isinstance(good, BaseException)
    assert (await store.heads([ANN]))[ANN].state.applied == ("c1",)


async def test_a_stale_reader_is_refused() -> None:
    door, store, _ = commands()
    await door.execute(ANN, command("c1", expected=0))
    with pytest.raises(PreconditionFailed):
        await door.execute(ANN, command("c2", expected=0))
    await door.execute(ANN, command("c2", expected=1))
    assert (await store.heads([ANN]))[ANN].state.applied == ("c1", "c2")


async def test_repeating_one_of_a_group_does_not_hide_that_the_others_are_unpublished() -> None:
    """The writer of a group dies after the insert; one client comes again, the other never does."""
    door, store, broker = commands()

    async def dies(outs: Any) -> None:
        raise ZeroDivisionError

    alive, broker.publish = broker.publish, dies  # type: ignore[method-assign]
    await asyncio.gather(*(door.execute(ANN, command(name)) for name in ("c1", "c2")), return_exceptions=True)
    broker.publish = alive  # type: ignore[method-assign]
    assert (await door.execute(ANN, command("c1"))).repeated
    await door.door.sweep(START + timedelta(days=1))
    said = {out.id for _, _, outs in await published(store) for out in outs}
    assert said == set(broker.sent)
    assert len(said) == 2
    assert await store.unfinished(START + timedelta(days=1)) == []


async def published(store: Any) -> list[Any]:
    """Every fact of the chain with what it says."""
    found = await store.recall({ANN: {"door c1", "door c2"}})
    return [(key, known, known.outs) for key, known in found.items()]


@pytest.mark.parametrize("bad", [None, "", "x" * 201, "päonie", "line\nbreak"])
def test_a_key_must_be_given_and_visible(bad: str | None) -> None:
    with pytest.raises(IdempotencyKeyMissing):
        command_id("caller", bad)


def test_keys_are_the_callers_own() -> None:
    assert command_id("a", "k") == command_id("a", "k") != command_id("b", "k")
