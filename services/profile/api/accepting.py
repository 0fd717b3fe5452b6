"""Events of other systems that come by a door, and how far each is. Nothing here knows HTTP or gRPC."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import structlog

from chassis.app import App
from chassis.facts import Place, find_fact
from chassis.fold.ports import Transient
from chassis.seeing.tracing import origin
from contracts.envelope import STRUCTURED
from contracts.errors import Refused
from contracts.fact import Fact, beginning
from contracts.http import encode_structured
from contracts.intake.envelope import decode_intake
from services.profile.domain.errors import UnknownEvent
from services.profile.domain.ids import mark_of
from services.profile.store.inbox import Row
from services.profile.worker.identity import Identity, identity_of
from services.profile.worker.resolver import Arrival, Outcome

log = structlog.get_logger()

Headers = Sequence[tuple[str, bytes]]
Asking = Callable[[str, Row], Any]
"""Asks a peer where an event is."""


class Sent(NamedTuple):
    """One event as it came: its bytes, and the headers that tell its content mode. Or why it is none."""

    value: bytes
    headers: Headers = (("content-type", STRUCTURED),)
    error: Refused | None = None


class Answer(NamedTuple):
    """What became of one event."""

    source: str
    id: str
    outcome: Outcome


class Events:
    """The events of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def identity(self) -> Identity:
        """Who is who."""
        return identity_of(self._app)

    async def accept(self, sent: Sequence[Sent]) -> list[Answer]:
        """Take events in; when this returns, every accepted one is durable.

        It is published at once. Where that fails, the worker's sweep does it, and the sender need not know.
        """
        now, resolver = self._app.clock.now(), self.identity.resolver
        read = [self._read(each, now) for each in sent]
        facts = [each for each in read if isinstance(each, Fact)]
        outcomes, rows = await resolver.decide([Arrival(fact) for fact in facts], now)
        try:
            await resolver.publish(rows)
        except Transient as error:
            log.warning("events are published later", reason=str(error))
        decided = iter(outcomes)
        return [
            Answer(each.source, each.id, next(decided))
            if isinstance(each, Fact)
            else Answer("", "", Outcome("invalid", each))
            for each in read
        ]

    def _read(self, sent: Sent, now: Any) -> Fact | Refused:
        if sent.error is not None:
            return sent.error
        try:
            return beginning(decode_intake(sent.value, sent.headers, now), origin())
        except Refused as error:
            return error

    async def follow(self, source: str, event_id: str, ask: Asking, peers: Sequence[str]) -> dict[str, Any]:
        """How far an event is: accepted, in the journal, and where it is in each service."""
        return await self._followed(await self._row(source, event_id), ask, peers)

    async def journaled(self, source: str, event_id: str) -> list[dict[str, Any]]:
        """The records that an event became in the journal: what is personal stands there as a reference."""
        heard = self._app.definition.language.heard
        row = await self._row(source, event_id)
        return [msgspec.json.decode(encode_structured(heard(out))) for out in row.outs]

    async def _row(self, source: str, event_id: str) -> Row:
        mark = mark_of(source, event_id)
        row = (await self.identity.inbox.rows([mark])).get(mark)
        if row is None:
            raise UnknownEvent("no event of this source and id has been accepted")
        return row

    async def latest(
        self, limit: int, since: datetime | None, ask: Asking, peers: Sequence[str]
    ) -> list[dict[str, Any]]:
        """How far the last events are, the oldest of them first; or the first ones accepted at a time or after it."""
        rows = await self.identity.inbox.latest(limit, since)
        return await asyncio.gather(*(self._followed(row, ask, peers) for row in rows))

    async def _followed(self, row: Row, ask: Asking, peers: Sequence[str]) -> dict[str, Any]:
        own = await find_fact(self._app, row.customer, row.type, row.source, row.id)
        others = await asyncio.gather(*(ask(peer, row) for peer in peers))
        return {
            "source": row.source,
            "id": row.id,
            "type": row.type,
            "customer_id": row.customer,
            "recorded_at": row.recorded_at,
            "journaled": await self._journaled(row),
            "services": {"profile": shown(own), **dict(zip(peers, others, strict=True))},
        }

    async def _journaled(self, row: Row) -> bool:
        if not row.slot:
            return not row.todo
        mark = await self._app.store.watermark(row.slot)
        return mark is not None and mark.settled > row.offset


def shown(place: Place) -> Mapping[str, Any]:
    """Where a fact is, as both doors show it."""
    caused = [{"type": type_, "id": id_} for type_, id_ in place.caused]
    return {"state": place.state, "seq": place.seq, "caused": caused, "reason": place.reason}
