"""Subscriptions of webhooks, and what is to be delivered to them.

`webhooks`: `{_id, owner, url, types, description, state: enabled | disabled, reason, secrets: [sealed, the newest last],
old_until, made_at, changed_at}`. `deliveries`: `{_id: "<webhook> <message>", webhook, key, n, type, message, body, state:
waiting | delivered | failed, next_at, attempts, status, reason, made_at, done_at}`. Messages of one webhook with the same
key are a queue: only its first has `next_at`, so a query by `next_at` finds nothing that must wait for another one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError, DuplicateKeyError

from chassis.fold.ports import Transient
from chassis.store.connect import transient

Document = dict[str, Any]
LEASE = timedelta(seconds=20)
"""An attempt whose process died is made again after this; a living one takes at most `post.TIMEOUT`."""

DUPLICATE_KEY = 11000


class Message(NamedTuple):
    """One fact for one webhook. `n` puts those with the same key in order."""

    webhook: str
    message: str
    key: str
    n: int
    type: str
    body: bytes


class WebhookStore:
    """The webhooks of a database."""

    def __init__(self, database: Any) -> None:
        self._webhooks, self._deliveries = database["webhooks"], database["deliveries"]

    # ---- subscriptions ----------------------------------------------------------------------------------------------

    @transient
    async def add(self, webhook: Document) -> Document:
        """Insert a subscription; returns what is there under its id, which may be an earlier one."""
        with contextlib.suppress(DuplicateKeyError):
            await self._webhooks.insert_one(webhook)
        return await self._webhooks.find_one({"_id": webhook["_id"]})

    @transient
    async def find(self, webhook: str) -> Document | None:
        """One subscription."""
        return await self._webhooks.find_one({"_id": webhook})

    @transient
    async def all(self, after: str = "", limit: int = 10_000) -> list[Document]:
        """Subscriptions by id, those after one."""
        return await self._webhooks.find({"_id": {"$gt": after}}).sort("_id", 1).limit(limit).to_list()

    @transient
    async def change(self, webhook: str, changes: Document) -> Document | None:
        """Set fields of a subscription; returns it as it is then."""
        return await self._webhooks.find_one_and_update(
            {"_id": webhook}, {"$set": changes}, return_document=ReturnDocument.AFTER
        )

    @transient
    async def remove(self, webhook: str) -> bool:
        """Forget a subscription and everything that waits for it."""
        gone = await self._webhooks.delete_one({"_id": webhook})
        await self._deliveries.delete_many({"webhook": webhook})
        return gone.deleted_count > 0

    @transient
    async def resume(self, webhook: str, now: datetime) -> None:
        """What waited while a subscription was disabled is due now."""
        await self._deliveries.update_many(
            {"webhook": webhook, "state": "waiting", "next_at": {"$ne": None}}, {"$set": {"next_at": now}}
        )

    # ---- deliveries -------------------------------------------------------------------------------------------------

    @transient
    async def queue(self, messages: Sequence[Message], now: datetime) -> None:
        """Put messages at the end of their queues; one that is there already changes nothing."""
        documents = [_delivery(message, now) for message in messages]
        try:
            await self._deliveries.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(one["code"] != DUPLICATE_KEY for one in (error.details or {}).get("writeErrors", [])):
                raise Transient("database: a delivery was not written down") from None
        for webhook, key in sorted({(message.webhook, message.key) for message in messages}):
            await self.advance(webhook, key, now)

    @transient
    async def advance(self, webhook: str, key: str, now: datetime) -> None:
        """Make the first of a queue due, if it is not."""
        first = await self._deliveries.find_one({"webhook": webhook, "key": key, "state": "waiting"}, sort=[("n", 1)])
        if first is not None and first["next_at"] is None:
            await self._deliveries.update_one(
                {"_id": first["_id"], "state": "waiting", "next_at": None}, {"$set": {"next_at": now}}
            )

    @transient
    async def claim(self, now: datetime) -> Document | None:
        """Take the message that is due longest, for as long as one attempt may last; None if none is due."""
        return await self._deliveries.find_one_and_update(
            {"state": "waiting", "next_at": {"$lte": now}},
            {"$set": {"next_at": now + LEASE}, "$inc": {"attempts": 1}},
            sort=[("next_at", 1)],
            return_document=ReturnDocument.AFTER,
        )

    @transient
    async def attempted(self, claimed: Document, changes: Document) -> bool:
        """Write down what an attempt came to; False if somebody else has claimed the message meanwhile."""
        held = {"_id": claimed["_id"], "state": "waiting", "attempts": claimed["attempts"]}
        return (await self._deliveries.update_one(held, {"$set": changes})).modified_count > 0

    @transient
    async def stuck(self) -> list[tuple[str, str]]:
        """Queues whose first is not due although nothing is before it: a process died in between."""
        stages = [
            {"$match": {"state": "waiting"}},
            {"$sort": {"n": 1}},
            {"$group": {"_id": {"webhook": "$webhook", "key": "$key"}, "first": {"$first": "$next_at"}}},
            {"$match": {"first": None}},
        ]
        found = await (await self._deliveries.aggregate(stages)).to_list()
        return [(each["_id"]["webhook"], each["_id"]["key"]) for each in found]

    @transient
    async def deliveries(self, webhook: str, state: str, after: int, limit: int) -> list[Document]:
        """Deliveries of a webhook in their order, those after a place; `state` "" is any."""
        query: Document = {"webhook": webhook, "n": {"$gt": after}} | ({"state": state} if state else {})
        return await self._deliveries.find(query, {"body": 0}).sort("n", 1).limit(limit).to_list()

    @transient
    async def retry(self, webhook: str, message: str, now: datetime) -> Document | None:
        """Send a failed or delivered message once more, from the first attempt on; None if there is none."""
        return await self._deliveries.find_one_and_update(
            {"_id": f"{webhook} {message}"},
            {"$set": {"state": "waiting", "next_at": now, "attempts": 0, "done_at": None}},
            projection={"body": 0},
            return_document=ReturnDocument.AFTER,
        )

    @transient
    async def tidy(self, before: datetime) -> int:
        """Forget what was delivered before a time; returns how many."""
        return (await self._deliveries.delete_many({"state": "delivered", "done_at": {"$lt": before}})).deleted_count


def _delivery(message: Message, now: datetime) -> Document:
    return {
        "_id": f"{message.webhook} {message.message}",
        **message._asdict(),
        "state": "waiting",
        "next_at": None,
        "attempts": 0,
        "status": 0,
        "reason": "",
        "made_at": now,
        "done_at": None,
    }
