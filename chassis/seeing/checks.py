"""`GET /v1/checks`: what a service finds when it looks at its database, its watermarks, its keys and its clock."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from starlette.requests import Request
from starlette.routing import Route

from chassis.errors import Unavailable
from chassis.fold.ports import Transient
from chassis.seal import KeyFileError, read_key
from chassis.seeing.dead import door
from chassis.seeing.findings import SKEW, apart, finding
from chassis.seeing.lag import Place, lag_of, places_of
from chassis.store.seeing.checks import clock_of, missing_indexes, newest_sealed

if TYPE_CHECKING:
    from chassis.app import App

OUTBOX = timedelta(seconds=60)
Found = list[dict[str, Any]]


def check_routes(app: App) -> list[Route]:
    """`GET /v1/checks` and `GET /v1/lag`."""

    async def checks(_request: Request) -> Any:
        return await Checks(_ready(app)).all()

    async def lag(_request: Request) -> Any:
        return {"service": app.definition.name, "partitions": await lag_of(_ready(app))}

    return [Route("/v1/checks", door(checks)), Route("/v1/lag", door(lag))]


def _ready(app: App) -> App:
    if not app.started:
        raise Unavailable("this process is still starting; try again")
    return app


class Checks:
    """The checks of a running service."""

    def __init__(self, app: App) -> None:
        self.app, self.name = app, app.definition.name

    async def all(self) -> dict[str, Any]:
        """Everything found, and what others compare with theirs: release, clock, marks of the keys."""
        asked = (self._indexes, self._watermarks, self._keys, self._clocks, self._outbox)
        found = await asyncio.gather(*(self._one(ask) for ask in asked))
        settings, own = self.app.settings, self.app.definition
        return {
            "service": self.name,
            "version": own.version,
            "table": own.table,
            "now": datetime.now(UTC),
            "keys": {"kek": mark_of(settings.kek_file), "index_key": mark_of(settings.index_key_file)},
            "findings": [each for part in found for each in part],
        }

    async def _one(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        try:
            return await ask()
        except Transient as error:
            return [self._finding("not_asked", f"{ask.__name__.strip('_')}: {error}")]

    async def _indexes(self) -> Found:
        kinds, more = self.app.kinds.values(), self.app.definition.indexes
        return [self._finding("index_missing", text) for text in await missing_indexes(self.app.database, kinds, more)]

    async def _watermarks(self) -> Found:
        table = self.app.definition.table
        return [each for place in await places_of(self.app) for each in of_place(self.name, table, place)]

    async def _keys(self) -> Found:
        sealed = await newest_sealed(self.app.database)
        try:
            if sealed is not None:
                self.app.seal.open(sealed)
        except InvalidTag:
            return [self._finding("key_wrong", "the newest dead letter cannot be opened")]
        return []

    async def _clocks(self) -> Found:
        before, there = datetime.now(UTC), await clock_of(self.app.database)
        off = timedelta() if there is None else apart(there, before, datetime.now(UTC))
        found = [] if self.app.clock.is_real else [self._finding("clock_moved", f"it is {self.app.clock.now()} here")]
        if abs(off) > SKEW:
            found.append(self._finding("clock_skew", f"the database's clock is {_seconds(off)} off"))
        return found

    async def _outbox(self) -> Found:
        besides, now = self.app.definition.unpublished, self.app.clock.now()
        oldest = [await self.app.store.oldest_unfinished(), await besides(self.app) if besides else None]
        late = [at for at in oldest if at is not None and now - at > OUTBOX]
        return [self._finding("outbox_waits", f"something is unpublished since {min(late)}")] if late else []

    def _finding(self, code: str, says: str) -> dict[str, Any]:
        return finding(code, self.name, says)


def of_place(service: str, table: int, place: Place) -> Iterator[dict[str, Any]]:
    """What is wrong with the watermark of a partition, for a release with this rule table."""
    name, settled = f"{place.topic}[{place.partition}]", place.settled
    if settled > place.end:
        yield finding("watermark_ahead", service, f"{name} is settled up to {settled}, the log ends at {place.end}")
    if settled < place.start:
        yield finding("watermark_gap", service, f"{name} is settled up to {settled}, the log begins at {place.start}")
    if place.mark is not None and place.mark.table > table:
        says = f"{name} is for rule table {place.mark.table}, this release has {table}"
        yield finding("slot_newer", service, says)


def mark_of(path: Path) -> str:
    """By what the same key is known in two places, and which tells nothing of it; "" if there is no such key."""
    try:
        return hashlib.sha256(b"hearth key " + read_key(path)).hexdigest()[:12]
    except KeyFileError:
        return ""


def _seconds(off: timedelta) -> str:
    return f"{off.total_seconds():.1f} s"
