"""Commands and timers: facts that do not come by the log. Their id is a fact id, their answer is in the version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chassis.fold import handing
from chassis.fold.bringing import bring
from chassis.fold.handing import HERE, Declined, Step, Way
from chassis.fold.merging import Chains, Elsewhere
from chassis.fold.model import Fact, Head, Key, Out, cause_of
from chassis.fold.ports import Broker, Known, Store
from chassis.fold.rules import NOTHING, Folded, Folder, Item, empty_head, may_know, same_content


class Reused(Exception):
    """The idempotency key was used before for another request."""

    code = "idempotency_key_reused"
    pointer = ""
    status = 422
    title = "The idempotency key was used for another request"


class Stale(Exception):
    """The entity has changed since it was read (`If-Match`)."""

    code = "precondition_failed"
    pointer = ""
    status = 412
    title = "The entity has changed since it was read"


class Done(NamedTuple):
    """The outcome of a command: the answer's bytes and the entity's version, or the error. `repeated`: it came before."""

    answer: bytes = b""
    seq: int = 0
    error: Exception | None = None
    repeated: bool = False


class Command(NamedTuple):
    """A command as a fact, with the version its caller has read (None: any), and how it came here (`handing`)."""

    fact: Fact
    expected: int | None = None
    way: Way = HERE


async def carried(ask: Callable[[Key, Command], Awaitable[Done]], key: Key, command: Command) -> Done:
    """Follow a command from entity to entity, and back when it was given up there; `ask` asks one entity."""
    while True:
        done = await ask(key, command)
        if not isinstance(done.error, Elsewhere):
            return done
        moved = done.error
        there = await carried(ask, Key(key.kind, moved.entity), command._replace(way=command.way.on(moved)))
        if not isinstance(there.error, Declined):
            return there
        command = command._replace(way=command.way.back(moved))


class Door:
    """Folds commands of one entity into one version, publishes, replaces the view, answers."""

    def __init__(
        self,
        store: Store,
        broker: Broker,
        folder: Folder,
        kinds: Mapping[str, Any],
        on_written: Callable[[Head], None] = lambda _: None,
    ) -> None:
        """`on_written` is told the head that each version written here makes."""
        self.store, self.broker, self.folder, self.kinds = store, broker, folder, kinds
        self.on_written = on_written

    async def execute(self, key: Key, commands: Sequence[Command]) -> list[Done]:
        """Carry out commands that wait for one entity. One that fails does not fail its neighbours."""
        return await self.carry_out(key, lambda _head: commands)

    async def carry_out(self, key: Key, commands_for: Callable[[Head], Sequence[Command]]) -> list[Done]:
        """The same, with commands made from the head they are folded on (timers): again from the start after a lost race."""
        while True:
            head = await self._head(key)
            commands = commands_for(head)
            recalled = await self._recall(head, commands)
            folded, outcome = self._fold(head, commands, recalled, await self._bring(head, commands))
            if folded.version is None or not await self.store.insert([folded.version]):
                break
        await self._finish(key, head, folded, recalled.values())
        return outcome

    async def _head(self, key: Key) -> Head:
        found = await self.store.heads([key])
        return found.get(key) or empty_head(self.kinds, key)

    async def _recall(self, head: Head, commands: Sequence[Command]) -> dict[str, Known]:
        asked = [command.fact for command in commands]
        asked += [word for c in commands for word in handing.words(self.folder.language, head, c.fact, c.way)]
        causes = {cause_of(fact) for fact in asked if may_know(head, fact)}
        stored = await self.store.recall({head.key: causes}) if causes else {}
        found = {cause: known for (_, cause), known in stored.items()}
        return {**await self._recall_while_merged(head, commands), **found}

    async def _recall_while_merged(self, head: Head, commands: Sequence[Command]) -> dict[str, Known]:
        """What was answered by entities that this one is, or was, merged with, directly or not."""
        causes = {cause_of(command.fact) for command in commands}
        others: dict[Key, set[str]] = {}
        unread = [head]
        while unread:
            names = unread.pop().ties.others - {head.key.id, *(key.id for key in others)}
            new = [Key(head.key.kind, name) for name in sorted(names)]
            others.update(dict.fromkeys(new, causes))
            unread += (await self.store.heads(new)).values() if new else ()
        stored = await self.store.recall(others) if others else {}
        return {cause: known._replace(todo=False) for (_, cause), known in stored.items()}

    async def _bring(self, head: Head, commands: Sequence[Command]) -> Chains:
        """What a command that looks at all an entity knows needs; nothing for the others."""
        if not any(command.fact.type in self.folder.tied for command in commands):
            return NOTHING
        return await bring(self.store, self.folder, head, [Item(-1, head.key, command.fact) for command in commands])

    def _fold(
        self, head: Head, commands: Sequence[Command], recalled: Mapping[str, Known], chains: Chains
    ) -> tuple[Folded, list[Done]]:
        steps = [self._step(head, command, recalled) for command in commands]
        facts = [step.fact for step in steps if step.fact is not None]
        items, unknown = [Item(-1, head.key, fact) for fact in facts], {cause_of(fact) for fact in facts}
        folded = self.folder.fold(head, items, "", unknown=unknown, todo=True, chains=chains)
        made = {} if folded.version is None else {cause_of(r): r for r in folded.version.facts}
        errors = {id(item.fact): error for item, error in folded.refused}
        outcome = [
            Done(error=step.error) if step.error else self._outcome(c, head, folded, recalled, made, errors)
            for c, step in zip(commands, steps, strict=True)
        ]
        return folded, outcome

    def _step(self, head: Head, command: Command, recalled: Mapping[str, Known]) -> Step:
        """What is to be written of a command, and what its caller is told if it is not carried out here."""
        if cause_of(command.fact) in recalled:
            return Step(None, None)
        step = handing.step(self.folder.language, head, command.fact, command.way, recalled)
        if step is None:
            return Step(command.fact if command.expected in (None, head.seq) else None, None)
        return step

    def _outcome(
        self,
        command: Command,
        head: Head,
        folded: Folded,
        recalled: Mapping[str, Known],
        made: Mapping[str, Any],
        errors: Mapping[int, Exception],
    ) -> Done:
        cause = cause_of(command.fact)
        if known := recalled.get(cause):
            if not same_content(self.folder.language, command.fact, known.recorded):
                return Done(error=Reused("this idempotency key was used before for another request"))
            return Done(known.recorded.answer, known.seq, repeated=True)
        if command.expected not in (None, head.seq):
            return Done(error=Stale(f"the entity is at version {head.seq}, the request expects {command.expected}"))
        if error := errors.get(id(command.fact)):
            return Done(error=Reused(str(error)) if getattr(error, "code", "") == "conflict" else error)
        return Done(made[cause].answer, folded.head.seq)

    async def _finish(self, key: Key, head: Head, folded: Folded, recalled: Any) -> None:
        """Publish, replace the view, take the `todo` mark off what was written here. A version found unfinished keeps
        its mark for the sweep: it may hold commands of others, whose outgoing facts are not known here.
        """
        unfinished = [known for known in recalled if known.todo]
        outs: list[Out] = [out for known in unfinished for out in known.outs]
        outs += [] if folded.version is None else folded.version.outs
        if outs:
            await self.broker.publish(outs)
        if folded.version or unfinished or not recalled:
            await self.store.replace_views([folded.head if folded.version else head] if folded.head.seq else [])
        if folded.version:
            await self.store.finish(key, folded.head.seq)
            self.on_written(folded.head)

    async def sweep(self, before: datetime) -> int:
        """Finish versions whose writer died between the insert and the end; returns how many."""
        unfinished = await self.store.unfinished(before)
        for key, seq, outs in unfinished:
            await self.broker.publish(outs)
            await self.store.replace_views((await self.store.heads([key])).values())
            await self.store.finish(key, seq)
        return len(unfinished)


class Timers:
    """Fires due work: a command made from the head itself, so it fires once and only if it is still due."""

    def __init__(self, door: Door, make: Callable[[Key, Any, datetime], Fact]) -> None:
        self.door = door
        self.make = make

    async def fire(self, key: Key, horizon: datetime, now: datetime) -> int:
        """Fire everything of one entity that is due up to the horizon; returns how many fired."""
        fired = 0
        while await self._fire_one(key, horizon, now):
            fired += 1
        return fired

    async def _fire_one(self, key: Key, horizon: datetime, now: datetime) -> bool:
        made: list[Command] = []

        def commands(head: Head) -> list[Command]:
            due = None if head.ties.into else self.door.kinds[key.kind].due(head.state)
            made[:] = [Command(self.make(key, due, now))] if due is not None and due.at <= min(horizon, now) else []
            return made

        outcome = await self.door.carry_out(key, commands)
        for done in outcome:
            if done.error is not None:
                raise done.error
        return bool(made) and not outcome[0].repeated
