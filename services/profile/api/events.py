"""`POST /v1/events`: CloudEvents over HTTP, one or many, in every content mode; `GET /v1/events`: how far one is."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel

from chassis.app import App
from contracts.envelope import STRUCTURED
from contracts.errors import NotCloudEvent, NotJson
from services.profile.api.accepting import Answer, Events, Sent
from services.profile.rpc.peers import Peers

BATCH = "application/cloudevents-batch+json"
Name = Annotated[str, Query(min_length=1, max_length=200)]

Limit = Annotated[int, Query(ge=1, le=100)]
After = Annotated[AwareDatetime | None, Query(description="The first ones accepted then or later, not the last ones.")]


class ErrorView(BaseModel):
    """What is wrong with an event: where, and the code."""

    pointer: str
    code: str
    detail: str


class EventView(BaseModel):
    """What became of an event. `duplicate`: it came before, with the same content. `conflict`: with other content."""

    source: str
    id: str
    status: Literal["accepted", "duplicate", "invalid", "conflict"]
    errors: list[ErrorView]
    customer_id: str | None


class EventsView(BaseModel):
    """One answer for each event, in the order sent."""

    events: list[EventView]


class CausedView(BaseModel):
    """A fact that was said because of the event."""

    type: str
    id: str


class PlaceView(BaseModel):
    """Where an event is in a service: applied, waiting, not_read, dead, or unavailable (the service did not answer)."""

    state: str
    seq: int
    caused: list[CausedView]
    reason: str


class FollowView(BaseModel):
    """How far an event is."""

    source: str
    id: str
    type: str
    customer_id: str
    recorded_at: datetime
    journaled: bool
    services: dict[str, PlaceView]


class LatestView(BaseModel):
    """Several events."""

    items: list[FollowView]


class JournaledView(BaseModel):
    """The records of the journal that an event became: CloudEvents in structured form, personal values as references."""

    records: list[dict[str, Any]]


def event_routes(app: App) -> APIRouter:
    """The routes of events."""
    router = APIRouter(prefix="/v1/events", tags=["events"])
    events = Events(app)

    @router.post("", status_code=202, summary="Take in one CloudEvent, or a batch of them", openapi_extra=_BODY)
    async def accept(request: Request) -> EventsView:
        body, content_type = await request.body(), request.headers.get("content-type", "")
        if content_type.lower().startswith(BATCH):
            return answered(await events.accept(batch_of(body)))
        return single(await events.accept([_one(request, body, content_type)]))

    @router.get("", summary="How far an event is, in every service")
    async def follow(source: Name, id: Name) -> FollowView:
        async with Peers(app) as peers:
            return FollowView(**await events.follow(source, id, peers.ask, list(peers.addresses)))

    @router.get("/journaled", summary="An event as it stands in the journal, without what is personal")
    async def journaled(source: Name, id: Name) -> JournaledView:
        return JournaledView(records=await events.journaled(source, id))

    @router.get("/latest", summary="How far the last events are, the oldest of them first")
    async def latest(limit: Limit = 20, after: After = None) -> LatestView:
        async with Peers(app) as peers:
            found = await events.latest(limit, after, peers.ask, list(peers.addresses))
        return LatestView(items=[FollowView(**each) for each in found])

    return router


def _one(request: Request, body: bytes, content_type: str) -> Sent:
    """One event: attributes in `ce-` headers make it binary mode, else the content type must say structured."""
    if content_type.lower().startswith(STRUCTURED.decode()):
        return Sent(body)
    headers = [
        ("ce_" + name[3:], unquote(text).encode()) for name, text in request.headers.items() if name.startswith("ce-")
    ]
    if not headers:
        raise NotCloudEvent(f"send ce- headers, or content type {STRUCTURED.decode()} or {BATCH}")
    return Sent(body, [*headers, ("content-type", (content_type or "application/json").encode())])


def batch_of(body: bytes) -> list[Sent]:
    """The events of a batch, each still raw."""
    try:
        return [Sent(bytes(raw)) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotJson("a batch is a JSON array of events") from None


def single(answers: list[Answer]) -> EventsView:
    """The answer for one event; what is wrong with it is the whole request's problem."""
    (answer,) = answers
    if answer.outcome.error is not None:
        raise answer.outcome.error
    return answered(answers)


def answered(answers: list[Answer]) -> EventsView:
    """The answers for many events."""
    return EventsView(events=[_view(answer) for answer in answers])


def _view(answer: Answer) -> EventView:
    status: Any = answer.outcome.status
    error = answer.outcome.error
    errors = [] if error is None else [ErrorView(pointer=error.pointer, code=error.code, detail=error.detail)]
    return EventView(
        source=answer.source,
        id=answer.id,
        status=status,
        errors=errors,
        customer_id=answer.outcome.customer or None,
    )


_EVENT: dict[str, Any] = {"type": "object", "description": "A CloudEvent 1.0; docs/events.md has the intake forms."}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED.decode(): {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "items": _EVENT}},
            "application/json": {"schema": {"type": "object", "description": "The data; attributes in ce- headers."}},
        },
    }
}
