"""The audit log of a database: entries by number, each inserted once, sealed to the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from pymongo.errors import BulkWriteError

from chassis.fold.ports import Transient
from chassis.gate.audit import FIRST, Broken, Entry, check, seal
from chassis.store.connect import streamed, transient

DUPLICATE_KEY = 11000


class AuditLog:
    """The log of one service. Appending waits for a majority; many that come together are one insert."""

    def __init__(self, database: Any) -> None:
        self._log = database["audit"]
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._turn = asyncio.Lock()
        self._known = 0
        """The number of an entry that is there: the last one is looked for from it on, however long the log is."""

    async def append(self, entry: Entry) -> None:
        """Returns when the entry is durable. Raises `Transient`: then it may be there or not, and nothing was done yet."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        async with self._turn:
            waiting, self._waiting = self._waiting, []
            if waiting:
                await self._append_for(waiting)
        await written

    async def _append_for(self, waiting: Sequence[tuple[Entry, asyncio.Future[None]]]) -> None:
        """Append for everybody who waits; who was waiting is told, whatever comes of it."""
        try:
            await self._append([entry for entry, _ in waiting])
        except BaseException as error:
            failure = error if isinstance(error, Transient) else Transient("the audit log was not written")
            for _, written in waiting:
                if not written.done():
                    written.set_exception(failure)
            if not isinstance(error, Transient):
                raise
        else:
            for _, written in waiting:
                if not written.done():
                    written.set_result(None)

    async def _append(self, entries: Sequence[Entry]) -> None:
        while True:
            last = await self._last()
            number, before = (0, FIRST) if last is None else (last["_id"], bytes(last["hash"]))
            self._known = number  # 0 where the database is older than what we knew: then all is looked at again
            documents: list[dict[str, Any]] = []
            for entry in entries:
                number += 1
                content = msgspec.to_builtins(entry._asdict())
                before = seal(number, content, before)
                documents.append({"_id": number, **content, "hash": before})
            if await self._insert(documents):
                return

    @transient
    async def _last(self) -> Any:
        return await self._log.find_one({"_id": {"$gte": self._known}}, {"hash": 1}, sort=[("_id", -1)])

    @transient
    async def _insert(self, documents: list[dict[str, Any]]) -> bool:
        """False if another process has taken the first number."""
        try:
            await self._log.insert_many(documents, ordered=True)
        except BulkWriteError as error:
            failed = (error.details or {}).get("writeErrors", [])
            if [(one["index"], one["code"]) for one in failed] == [(0, DUPLICATE_KEY)]:
                return False
            raise Transient("database: the audit log was not written for all") from None
        return True

    @transient
    async def latest(self, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """The newest entries, or those before a number, the newest first."""
        query = {} if before is None else {"_id": {"$lt": before}}
        return await self._log.find(query).sort("_id", -1).limit(limit).to_list()

    async def verify(self) -> tuple[int, bytes, Broken | None]:
        """How many entries fit, the hash of the last of them, and the first that does not fit."""
        return await check(streamed(self._log.find({}).sort("_id", 1)))
