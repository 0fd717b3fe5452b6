"""Subscriptions of webhooks, as the HTTP door asks: made, listed, changed, ended. Nothing here knows HTTP."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from chassis.app import App
from chassis.commands import command_id
from chassis.errors import IdempotencyKeyReused
from chassis.store.webhooks import WebhookStore
from chassis.webhooks.guard import checked, networks_of
from chassis.webhooks.running import secrets_in_force, wall_clock
from chassis.webhooks.signing import new_secret
from services.profile.domain.errors import TooManyWebhooks, UnknownDelivery, UnknownWebhook, UnsubscribableType
from services.profile.worker.webhooks import SUBSCRIBABLE

MOST = 50
"""Webhooks that one principal may have."""

HONOURED = timedelta(days=1)
"""How long messages are signed with the secret before, too, after it was replaced."""

Document = dict[str, Any]


class Subscribing:
    """The webhooks of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def _store(self) -> WebhookStore:
        return WebhookStore(self._app.database)

    async def subscribe(
        self, owner: str, url: str, types: Collection[str], description: str, key: str | None
    ) -> tuple[Document, str]:
        """Make a webhook; returns it and its secret. The same idempotency key again gives the same one."""
        webhook = command_id(f"{owner}:webhook", key)
        await self._acceptable(url, types)
        wanted = {"url": url, "types": sorted(set(types)), "description": description}
        if await self._store.find(webhook) is None and len(await self.owned_by(owner)) >= MOST:
            raise TooManyWebhooks(f"a caller may have {MOST} webhooks: delete one first")
        now, secret = wall_clock(), self._app.seal.close(new_secret().encode())
        made = {"state": "enabled", "reason": "", "secrets": [secret], "old_until": None}
        times = {"made_at": now, "changed_at": now}
        found = await self._store.add({"_id": webhook, "owner": owner, **wanted, **made, **times})
        if {name: found[name] for name in wanted} != wanted:
            raise IdempotencyKeyReused
        return found, secrets_in_force(found, self._app.seal, now)[0]

    async def change(self, webhook: str, url: str | None, types: Collection[str] | None) -> Document:
        """Send other types, or to another place; what waits is sent there, too."""
        found = await self.webhook(webhook)
        await self._acceptable(url or found["url"], found["types"] if types is None else types)
        changes: Document = {"url": url} if url else {}
        if types is not None:
            changes["types"] = sorted(set(types))
        return self._there(await self._store.change(webhook, changes | {"changed_at": wall_clock()}))

    async def switch(self, webhook: str, state: str) -> Document:
        """Enable or disable; what came meanwhile is sent when it is enabled."""
        now = wall_clock()
        why = "" if state == "enabled" else "its owner disabled it"
        found = self._there(await self._store.change(webhook, {"state": state, "reason": why, "changed_at": now}))
        if state == "enabled":
            await self._store.resume(webhook, now)
        return found

    async def rotate(self, webhook: str) -> str:
        """A new secret; for a day messages carry a signature with the one before, too."""
        found, secret, now = await self.webhook(webhook), new_secret(), wall_clock()
        secrets = [found["secrets"][-1], self._app.seal.close(secret.encode())]
        await self._store.change(webhook, {"secrets": secrets, "old_until": now + HONOURED, "changed_at": now})
        return secret

    async def remove(self, webhook: str) -> None:
        """End a subscription, and forget what waits for it."""
        if not await self._store.remove(webhook):
            raise UnknownWebhook

    async def webhook(self, webhook: str) -> Document:
        """One webhook; raises `UnknownWebhook`."""
        return self._there(await self._store.find(webhook))

    async def owned_by(self, owner: str) -> Sequence[Document]:
        """The webhooks of a principal; "*" is everybody's."""
        return [each for each in await self._store.all() if owner in ("*", each["owner"])]

    async def deliveries(self, webhook: str, state: str, after: int, limit: int) -> Sequence[Document]:
        """What was, or is to be, delivered to a webhook, in order."""
        await self.webhook(webhook)
        return await self._store.deliveries(webhook, state, after, limit)

    async def retry(self, webhook: str, message: str) -> Document:
        """Send a message once more, now."""
        found = await self._store.retry(webhook, message, wall_clock())
        if found is None:
            raise UnknownDelivery
        return found

    async def _acceptable(self, url: str, types: Collection[str]) -> None:
        for place, type_ in enumerate(types):
            if type_ not in SUBSCRIBABLE:
                raise UnsubscribableType(pointer=f"/types/{place}")
        settings: Any = self._app.settings
        await checked(url, networks_of(settings.webhook_networks))

    def _there(self, found: Document | None) -> Document:
        if found is None:
            raise UnknownWebhook
        return found
