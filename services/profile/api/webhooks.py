"""HTTP routes of webhooks: facts posted to a URL of the subscriber's (Standard Webhooks)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from chassis.app import App
from chassis.errors import InvalidRequest
from chassis.gate.principal import asking
from chassis.pages import STRANGE, Page, cursor_after, page_of, place_in
from chassis.web import idempotency_key
from services.profile.api.subscribing import Subscribing

WebhookId = Annotated[str, Path(min_length=1, max_length=64, description="The webhook's id.")]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Limit = Annotated[int, Query(ge=1, le=200)]
Url = Annotated[str, Field(min_length=1, max_length=2_000, examples=["https://example.com/hearth"])]
Types = Annotated[
    list[Annotated[str, Field(max_length=100)]],
    Field(min_length=1, max_length=100, examples=[["crm.lead.created.v1"]]),
]


class WebhookRequest(BaseModel, extra="forbid", strict=True):
    """Where to post what. The URL must be https, of a public address."""

    url: Url
    types: Types
    description: str = Field("", max_length=200)


class WebhookChange(BaseModel, extra="forbid", strict=True):
    """What is to be different."""

    url: Url | None = None
    types: Types | None = None


class WebhookView(BaseModel):
    """A webhook. `reason`: why it is disabled."""

    webhook_id: str
    owner: str
    url: str
    types: list[str]
    description: str
    state: Literal["enabled", "disabled"]
    reason: str
    made_at: datetime
    changed_at: datetime


class MadeView(WebhookView):
    """A webhook with its secret, which is shown once."""

    secret: str


class SecretView(BaseModel):
    """A new secret; for a day messages are signed with the one before, too."""

    secret: str


class DeliveryView(BaseModel):
    """A message: `status` is the HTTP status of the last attempt (0: no answer, `reason` says why)."""

    message_id: str
    type: str
    customer_id: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    status: int
    reason: str
    next_at: datetime | None
    made_at: datetime
    done_at: datetime | None


def webhook_routes(app: App) -> APIRouter:
    """All routes of webhooks."""
    router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    _subscriptions(router, Subscribing(app))
    _switches(router, Subscribing(app))
    _deliveries(router, Subscribing(app))
    return router


def _subscriptions(router: APIRouter, all_: Subscribing) -> None:
    @router.post("", status_code=201, summary="Have facts of some types posted to a URL")
    async def subscribe(body: WebhookRequest, key: IdempotencyKey = None) -> MadeView:
        made, secret = await all_.subscribe(asking().name, body.url, body.types, body.description, key)
        return MadeView(**_shown(made), secret=secret)

    @router.get("", summary="One's own webhooks, or an owner's")
    async def webhooks(owner: str = "", limit: Limit = 50, cursor: str | None = None) -> Page[WebhookView]:
        shown, following = page_of(await all_.owned_by(owner or asking().name), limit, cursor)
        return Page(items=[WebhookView(**_shown(each)) for each in shown], next_cursor=following)

    @router.get("/{webhook_id}", summary="A webhook")
    async def webhook(webhook_id: WebhookId) -> WebhookView:
        return WebhookView(**_shown(await all_.webhook(webhook_id)))

    @router.patch("/{webhook_id}", summary="Other types, or another URL")
    async def change(webhook_id: WebhookId, body: WebhookChange) -> WebhookView:
        return WebhookView(**_shown(await all_.change(webhook_id, body.url, body.types)))

    @router.delete("/{webhook_id}", status_code=204, summary="End a subscription and forget what waits for it")
    async def remove(webhook_id: WebhookId) -> None:
        await all_.remove(webhook_id)


def _switches(router: APIRouter, all_: Subscribing) -> None:
    @router.post("/{webhook_id}/enable", summary="Send again, beginning with what waited meanwhile")
    async def enable(webhook_id: WebhookId) -> WebhookView:
        return WebhookView(**_shown(await all_.switch(webhook_id, "enabled")))

    @router.post("/{webhook_id}/disable", summary="Send nothing until it is enabled; what comes waits")
    async def disable(webhook_id: WebhookId) -> WebhookView:
        return WebhookView(**_shown(await all_.switch(webhook_id, "disabled")))

    @router.post("/{webhook_id}/rotate", summary="Replace the secret")
    async def rotate(webhook_id: WebhookId) -> SecretView:
        return SecretView(secret=await all_.rotate(webhook_id))


def _deliveries(router: APIRouter, all_: Subscribing) -> None:
    @router.get("/{webhook_id}/deliveries", summary="What was delivered, waits, or failed, in order")
    async def deliveries(
        webhook_id: WebhookId,
        state: Literal["", "waiting", "delivered", "failed"] = "",
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Page[DeliveryView]:
        word, after = place_in(cursor, ("after", "0"))
        if word != "after" or not after.isdecimal():
            raise InvalidRequest(STRANGE, "/query/cursor")
        found = await all_.deliveries(webhook_id, state, int(after), limit + 1)
        following = cursor_after("after", str(found[limit - 1]["n"])) if len(found) > limit else None
        return Page(items=[_delivery(each) for each in found[:limit]], next_cursor=following)

    @router.post("/{webhook_id}/deliveries/{message_id}/retry", status_code=202, summary="Send a message once more")
    async def retry(webhook_id: WebhookId, message_id: Annotated[str, Path(max_length=64)]) -> DeliveryView:
        return _delivery(await all_.retry(webhook_id, message_id))


def _shown(webhook: Mapping[str, Any]) -> dict[str, Any]:
    names = ("owner", "url", "types", "description", "state", "reason", "made_at", "changed_at")
    return {"webhook_id": webhook["_id"], **{name: webhook[name] for name in names}}


def _delivery(found: Mapping[str, Any]) -> DeliveryView:
    names = ("type", "state", "attempts", "status", "reason", "next_at", "made_at", "done_at")
    return DeliveryView(message_id=found["message"], customer_id=found["key"], **{name: found[name] for name in names})
