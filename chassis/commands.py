"""The way of a command from a door into the fold: identified by its caller's key, grouped per entity, answered once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from chassis.errors import IdempotencyKeyMissing, IdempotencyKeyReused, PreconditionFailed, Unavailable
from chassis.fold.doors import Command, Done, Door, Reused, Stale, carried
from chassis.fold.model import Key
from chassis.fold.ports import Transient
from chassis.seeing.tracing import origin

GROUP = 64
"""Most commands folded into one version."""

ATTEMPTS = 5


def command_id(caller: str, key: str | None) -> str:
    """The fact id of a command: the same caller and idempotency key always give the same id."""
    if not key or len(key) > 200 or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyMissing
    return str(uuid5(NAMESPACE_URL, f"hearth:{caller}:{key}"))


class Commands:
    """Group commit: commands that wait for one entity in this process become one version."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._waiting: dict[Key, list[tuple[Command, asyncio.Future[Done]]]] = defaultdict(list)
        self._running: dict[Key, asyncio.Task[None]] = {}

    async def execute(self, key: Key, command: Command) -> Done:
        """Carry out a command on an entity, or on the one it is merged into; raises the rule's refusal,
        `PreconditionFailed`, `IdempotencyKeyReused`, `Unavailable`.
        """
        command = _begun(command, origin())
        return _checked(await carried(self._queued, key, command))

    async def _queued(self, key: Key, command: Command) -> Done:
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting[key].append((command, answer))
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._run(key), name="command group")
        return await answer

    async def _run(self, key: Key) -> None:
        try:
            while group := self._waiting.pop(key, []):
                group, later = group[:GROUP], group[GROUP:]
                if later:
                    self._waiting[key] = later
                await self._carry_out(key, group)
        finally:
            del self._running[key]

    async def _carry_out(self, key: Key, group: list[tuple[Command, asyncio.Future[Done]]]) -> None:
        try:
            outcome: list[Any] = list(await self._patiently(key, [command for command, _ in group]))
        except Exception as error:
            outcome = [Done(error=error)] * len(group)
        for (_, answer), done in zip(group, outcome, strict=True):
            if not answer.done():
                answer.set_result(done)

    async def _patiently(self, key: Key, commands: list[Command]) -> list[Done]:
        for attempt in range(ATTEMPTS):
            try:
                return await self.door.execute(key, commands)
            except Transient:
                await asyncio.sleep(0.05 * 2**attempt)
        raise Unavailable


def _begun(command: Command, trace: str) -> Command:
    """The command with its origin: where a fact begins that comes by a door."""
    return command._replace(fact=msgspec.structs.replace(command.fact, trace=trace)) if trace else command  # type: ignore[type-var]


def _checked(done: Done) -> Done:
    if isinstance(done.error, Reused):
        raise IdempotencyKeyReused(str(done.error))
    if isinstance(done.error, Stale):
        raise PreconditionFailed(str(done.error))
    if done.error is not None:
        raise done.error
    return done
