"""The doors that analytics libraries speak to: Segment-shaped `identify`, `track` and `alias`, one by one or in a batch.

`identify` becomes `crm.customer.described.v1`, `alias` `crm.customer.linked.v1`, and `track` the fact that its event
names: `crm.lead.captured.v1` or `Lead Captured`, with the properties as data. `messageId` is the event's id.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel

from chassis.app import App
from contracts.envelope import rfc3339
from contracts.errors import InvalidField, MissingField, NotJson, Rejected, UnknownType
from contracts.intake.forms import FORMS
from services.profile.api.accepting import Answer, Events, Sent
from services.profile.api.events import EventsView, answered, single
from services.profile.domain.policy import Policy

SOURCE = "/segment"
ANONYMOUS = "-anonymous"
DESCRIBED, LINKED = "crm.customer.described.v1", "crm.customer.linked.v1"
NAMES = {name.removeprefix("crm.").rpartition(".")[0].replace(".", " ").replace("_", " "): name for name in FORMS}

Json = dict[str, Any]


class Call(msgspec.Struct, rename="camel", gc=False):
    """One call of an analytics library, as far as it is read."""

    type: str = ""
    message_id: str = ""
    timestamp: str = ""
    user_id: str | int | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    event: str = ""
    traits: Json = {}
    properties: Json = {}
    context: Json = {}


class Batch(msgspec.Struct, gc=False):
    """Many calls."""

    batch: list[msgspec.Raw]


class BatchView(BaseModel):
    """What became of each call; `success` says that all were taken in, as analytics libraries expect."""

    success: bool
    events: EventsView


def segment_routes(app: App) -> APIRouter:
    """The routes of analytics libraries."""
    router = APIRouter(prefix="/v1", tags=["segment"])
    events = Events(app)

    async def one(request: Request, type_: str) -> EventsView:
        sent = sent_of(await request.body(), type_, *_now(app))
        return single(_pointed([sent], await events.accept([sent])))

    @router.post("/batch", summary="Segment-shaped calls: identify, track, alias", openapi_extra=_BODY)
    async def batch(request: Request) -> BatchView:
        sent = [sent_of(bytes(raw), "", *_now(app)) for raw in _calls(await request.body())]
        answers = _pointed(sent, await events.accept(sent))
        done = all(answer.outcome.error is None for answer in answers)
        return BatchView(success=done, events=answered(answers))

    @router.post("/identify", summary="Segment-shaped: what somebody is like", openapi_extra=_BODY)
    async def identify(request: Request) -> EventsView:
        return await one(request, "identify")

    @router.post("/track", summary="Segment-shaped: something happened", openapi_extra=_BODY)
    async def track(request: Request) -> EventsView:
        return await one(request, "track")

    @router.post("/alias", summary="Segment-shaped: two ids are one person", openapi_extra=_BODY)
    async def alias(request: Request) -> EventsView:
        return await one(request, "alias")

    return router


def _now(app: App) -> tuple[datetime, Policy]:
    now = app.clock.now()
    return now, app.policies.at(now)[1]


def _calls(body: bytes) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(body, type=Batch).batch
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotJson("the body is not an object with a list `batch`") from None


def sent_of(raw: bytes, type_: str, now: datetime, policy: Policy) -> Sent:
    """The event a call makes; why it makes none is part of the answer."""
    try:
        call = msgspec.json.decode(raw, type=Call)
        return Sent(msgspec.json.encode(event_of(call, type_ or call.type, now, policy)))
    except Rejected as error:
        return Sent(b"", error=error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Sent(b"", error=NotJson("this is not a call of an analytics library"))


def event_of(call: Call, type_: str, now: datetime, policy: Policy) -> Json:
    """A call as a structured CloudEvent in its intake form; raises `Rejected` with a pointer into the call."""
    if not call.message_id:
        raise MissingField("messageId is required; it is the event's id", "/messageId")
    makers = {"identify": _identify, "track": _track, "alias": _alias}
    if type_ not in makers:
        raise UnknownType("only identify, track and alias are taken in", "/type")
    name, data = makers[type_](call, policy)
    return {
        "specversion": "1.0",
        "type": name,
        "source": SOURCE,
        "id": call.message_id,
        "time": call.timestamp or rfc3339(now),
        "data": data,
    }


def _identify(call: Call, policy: Policy) -> tuple[str, Json]:
    traits = call.traits
    told = {"birthday": traits.get("birthday"), "occupation": traits.get("title") or traits.get("occupation")}
    return DESCRIBED, {"contact": _contact(call, policy), "channel": "web", **_present(told)}


def _track(call: Call, policy: Policy) -> tuple[str, Json]:
    name = call.event if call.event in FORMS else NAMES.get(" ".join(call.event.lower().replace("_", " ").split()))
    if name is None:
        raise UnknownType("no fact has this name", "/event")
    return name, {"contact": _contact(call, policy), **call.properties}


def _alias(call: Call, policy: Policy) -> tuple[str, Json]:
    if not call.previous_id:
        raise MissingField("an alias needs previousId", "/previousId")
    before = {"type": "external", "value": call.previous_id, "issuer": policy.segment_issuer}
    return LINKED, {"contact": _contact(call, policy), "same_as": {"identifiers": [before]}}


def _contact(call: Call, policy: Policy) -> Json:
    known: Mapping[str, Any] = {**_mapping(call.context.get("traits")), **call.properties, **call.traits}
    issuer = policy.segment_issuer
    values = (
        ("external", call.user_id, issuer),
        ("external", call.anonymous_id, issuer + ANONYMOUS),
        ("phone", known.get("phone"), None),
        ("email", known.get("email"), None),
    )
    identifiers = [
        _present({"type": type_, "value": str(value), "issuer": given}) for type_, value, given in values if value
    ]
    if not identifiers:
        raise InvalidField("a call needs a userId, an anonymousId, a phone or an email", "/userId")
    return _present({"identifiers": identifiers, "name": call.traits.get("name")})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _present(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _pointed(sent: list[Sent], answers: list[Answer]) -> list[Answer]:
    """Pointers into the event that was made of a call, as pointers into the call; the ids of calls that made none."""
    for each, answer in zip(sent, answers, strict=True):
        error = answer.outcome.error
        if error is not None and each.error is None and error.pointer.startswith("/data/"):
            error.pointer = "/properties" + error.pointer.removeprefix("/data")
    return answers


_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}
