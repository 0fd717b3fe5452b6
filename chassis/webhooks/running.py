"""Webhooks in a worker: facts are written down for every subscriber of their type, and sent by a few tasks beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args

import structlog

from chassis.background import Background
from chassis.seal import Seal
from chassis.store.webhooks import Message, WebhookStore
from chassis.webhooks.follow import Follower
from chassis.webhooks.outcome import Answer, Outcome, judge
from chassis.webhooks.post import Poster
from chassis.webhooks.signing import signed_headers

log = structlog.get_logger()

SENDERS = 8
IDLE = 0.25
KNOWN_FOR = timedelta(seconds=1)
KEPT = timedelta(days=7)
"""How long delivered messages can still be listed and sent again."""

HELD = timedelta(minutes=5)


class Said(NamedTuple):
    """A fact as a webhook sends it: its id and type, the key of its order, and the structured CloudEvent."""

    id: str
    type: str
    key: str
    body: bytes


def wall_clock() -> datetime:
    """The machine's clock: attempts and signatures are about the network, not about the business."""
    return datetime.now(UTC)


class Webhooks:
    """Fans out and sends. `read(record)` makes a fact of a record of the log, or None of what nobody may subscribe to."""

    def __init__(
        self,
        store: WebhookStore,
        seal: Seal,
        poster: Poster,
        read: Callable[[Any], Said | None],
        follow: Callable[[Any], Follower],
        now: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._store, self._seal, self._poster, self._read, self._now = store, seal, poster, read, now
        self._follower = follow(self.fan_out)
        self._beside = Background()
        self._known: tuple[datetime, Sequence[Any]] | None = None
        self._last = 0
        self.outcomes: dict[str, int] = dict.fromkeys(get_args(Outcome), 0)

    async def start(self) -> None:
        """Begin to read and to send."""
        self._follower.start()
        self._beside.every(IDLE, "webhooks", self.send_all)
        self._beside.every(60.0, "webhooks sweep", self.sweep)

    async def stop(self) -> None:
        """End; what is under way is sent again by whoever comes next."""
        await self._follower.stop()
        await self._beside.stop()
        await self._poster.close()

    # ---- fan-out ----------------------------------------------------------------------------------------------------

    async def fan_out(self, records: Sequence[Any]) -> None:
        """Write down each fact once for every webhook that wants its type."""
        wanted: dict[str, list[str]] = {}
        for webhook in await self._subscriptions():
            for type_ in webhook["types"]:
                wanted.setdefault(type_, []).append(webhook["_id"])
        if not wanted:
            return
        said = [found for record in records if (found := self._read(record)) is not None]
        messages = [self._message(webhook, each) for each in said for webhook in wanted.get(each.type, ())]
        if messages:
            await self._store.queue(messages, self._now())

    def _message(self, webhook: str, said: Said) -> Message:
        self._last = max(self._last + 1, int(self._now().timestamp() * 1_000_000))
        return Message(webhook, said.id, said.key, self._last, said.type, said.body)

    async def _subscriptions(self) -> Sequence[Any]:
        """Subscriptions, disabled ones too (what waits for them is kept), not older than a second."""
        now = self._now()
        if self._known is None or now - self._known[0] > KNOWN_FOR:
            self._known = now, await self._store.all()
        return self._known[1]

    # ---- sending ----------------------------------------------------------------------------------------------------

    async def send_all(self) -> None:
        """Send until nothing is due, a few at a time."""
        if await self._subscriptions():
            await asyncio.gather(*(self._send_while_due() for _ in range(SENDERS)))

    async def _send_while_due(self) -> None:
        while await self.send_one():
            pass

    async def send_one(self) -> bool:
        """Claim a message that is due and attempt to deliver it; False if none is due."""
        claimed = await self._store.claim(self._now())
        if claimed is None:
            return False
        webhook = await self._store.find(claimed["webhook"])
        if webhook is None:
            await self._store.remove(claimed["webhook"])
        elif webhook["state"] != "enabled":
            held = {"next_at": self._now() + HELD, "attempts": claimed["attempts"] - 1}
            await self._store.attempted(claimed, held)
        else:
            await self._settle(claimed, webhook, await self._attempt(claimed, webhook))
        return True

    async def _attempt(self, claimed: Any, webhook: Any) -> Answer:
        secrets = secrets_in_force(webhook, self._seal, self._now())
        at, body = int(self._now().timestamp()), bytes(claimed["body"])
        return await self._poster.post(webhook["url"], signed_headers(secrets, claimed["message"], at, body), body)

    async def _settle(self, claimed: Any, webhook: Any, answer: Answer) -> None:
        now = self._now()
        outcome, next_at = judge(answer, claimed["attempts"], now)
        self.outcomes[outcome] += 1
        said = {"status": answer.status, "reason": answer.reason}
        if outcome == "gone":
            await self._store.change(
                webhook["_id"], {"state": "disabled", "reason": "the receiver answered 410 Gone", "changed_at": now}
            )
            await self._store.attempted(claimed, said | {"next_at": now + HELD, "attempts": 0})
            log.warning("a webhook is disabled: its receiver is gone", webhook=webhook["_id"])
        elif outcome == "again":
            await self._store.attempted(claimed, said | {"next_at": next_at})
        else:
            await self._store.attempted(claimed, said | {"state": outcome, "next_at": None, "done_at": now})
            await self._store.advance(claimed["webhook"], claimed["key"], now)

    async def sweep(self) -> None:
        """Mend queues that a dying process left without a due message, and forget what was delivered long ago."""
        now = self._now()
        for webhook, key in await self._store.stuck():
            await self._store.advance(webhook, key, now)
        await self._store.tidy(now - KEPT)


def secrets_in_force(webhook: Any, seal: Seal, now: datetime) -> list[str]:
    """The secrets a message is signed with: the newest, and the one before while it is still to be honoured."""
    *older, newest = webhook["secrets"]
    honoured = older[-1:] if webhook["old_until"] is not None and now < webhook["old_until"] else []
    return [seal.open(bytes(sealed)).decode() for sealed in (newest, *honoured)]
