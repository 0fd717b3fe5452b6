"""Saying again what a new incarnation of a topic lacks: the log is transport, the owner of a topic keeps what it said.

Bytes and ids are those of the first time, so whoever has read them knows them. An incarnation is noted only when it has
got everything; a process that dies before begins again, and several that do it at once only repeat each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chassis.fold.model import Out
from chassis.fold.ports import Broker

CHUNK = 500

Said = Callable[[datetime], AsyncIterator[Sequence[Out]]]
"""All that was said from a time on, in parts, to whatever topic."""


class Resending:
    """The topics a service owns, with the days each keeps; where they are now; what has been said to them."""

    def __init__(self, store: Any, broker: Broker, days: Mapping[str, int], find: Any, said: Sequence[Said]) -> None:
        self.store, self.broker, self.days, self.find, self.said = store, broker, days, find, said

    async def lacking(self) -> dict[str, str]:
        """The topics whose incarnation may lack something, with that incarnation."""
        found, noted = await self.find(self.days), await self.store.incarnations()
        return {name: topic.id for name, topic in found.items() if noted.get(name) != topic.id}

    async def resend(self, now: datetime) -> int:
        """Say everything again to the topics that may lack it; returns how much that was."""
        lacking, sent = await self.lacking(), 0
        if lacking:
            since = now - timedelta(days=max(self.days[name] for name in lacking))
            for said in self.said:
                sent += await self._publish(said(since), lacking)
            await self.store.note_incarnations(lacking)
        return sent

    async def _publish(self, parts: AsyncIterator[Sequence[Out]], topics: Mapping[str, str]) -> int:
        sent, waiting = 0, list[Out]()
        async for outs in parts:
            waiting += [out for out in outs if out.topic in topics]
            if len(waiting) >= CHUNK:
                await self.broker.publish(waiting)
                sent, waiting = sent + len(waiting), []
        await self.broker.publish(waiting)
        return sent + len(waiting)
