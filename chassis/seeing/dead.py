"""Dead letters at the admin door: listed, grouped, edited, compared, and sent again to where they came from.

What they hold is never shown; a change is told by the places it touches.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.errors import ChassisError, InvalidRequest, NotFound, Unavailable
from chassis.fold.batch import record_bytes, record_of
from chassis.fold.ports import Transient
from chassis.gate.principal import LOCAL_ADMIN, asking
from chassis.seeing.errors import BadEdit, LetterSealed, LetterSent
from chassis.seeing.patching import Record, as_document, differences, edited
from chassis.store.seeing import dead
from chassis.store.seeing.again import LONGEST
from chassis.web import problem

if TYPE_CHECKING:
    from chassis.app import App

T = TypeVar("T")

MOST = 200

ONE_AGAIN = "admin POST /v1/dead/{id:path}/redrive"
"""The door of one letter: each of many goes through it, too, and is written down by itself."""

SLOWEST = 0.1
"""Letters a second."""


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What `POST /v1/dead/{id}/edit` takes: who changes a letter, why, and JSON Patch operations. `who` is believed only
    while nobody shows who they are; else it is the caller.
    """

    who: str
    why: str
    changes: list[dict[str, Any]]


class Many(msgspec.Struct, forbid_unknown_fields=True):
    """What `POST /v1/dead/redrive` takes: letters that wait with this `code`, of this `type`, or `all`; after the letter
    `after`, at most `limit` of them, at most `rate` a second. `dry_run` sends none.
    """

    code: str = ""
    type: str = ""
    all: bool = False
    after: str = ""
    limit: int = 50
    rate: float = 20.0
    dry_run: bool = False


def dead_routes(app: App) -> list[Route]:
    """`GET /v1/dead`, `/v1/dead/groups`, `/v1/dead/{id}`, `/v1/dead/{id}/diff`; `POST /v1/dead/{id}/edit`, `…/redrive`,
    `/v1/dead/redrive`.
    """
    letters = Letters(app)
    return [
        Route("/v1/dead", door(letters.listed)),
        Route("/v1/dead/groups", door(letters.grouped)),
        Route("/v1/dead/redrive", door(letters.many_again), methods=["POST"]),
        Route("/v1/dead/{id:path}/redrive", door(letters.again), methods=["POST"]),
        Route("/v1/dead/{id:path}/edit", door(letters.change), methods=["POST"]),
        Route("/v1/dead/{id:path}/diff", door(letters.compared)),
        Route("/v1/dead/{id:path}", door(letters.shown)),
    ]


class Letters:
    """The dead letters of a service."""

    def __init__(self, app: App) -> None:
        self.app, self.database = app, app.database

    async def listed(self, request: Request) -> Any:
        """How many wait, and the newest; with `after` all of them page by page, as they were read."""
        asked, limit = request.query_params, request.query_params.get("limit", str(MOST))
        if not limit.isdigit() or not 1 <= int(limit) <= MOST:
            raise InvalidRequest(f"limit is 1 to {MOST}", "/query/limit")
        items = await dead.list_dead(self.database, int(limit), _wanted(request), asked.get("after"))
        return {"waiting": await dead.count_dead(self.database), "items": items}

    async def grouped(self, request: Request) -> Any:
        """How many there are of each code and type."""
        return {"items": await dead.group_dead(self.database, _wanted(request))}

    async def shown(self, request: Request) -> Any:
        """One letter."""
        return await self._found(request.path_params["id"])

    async def _found(self, id_: str) -> dict[str, Any]:
        found = await dead.show_dead(self.database, id_)
        if found is None:
            raise NotFound("no dead letter has this id")
        return found

    async def again(self, request: Request) -> Any:
        """Send one again, unless it was."""
        letter = await self.shown(request)
        if letter["redriven_at"] is None:
            await self._redrive(letter)
        return await self.shown(request)

    async def many_again(self, request: Request) -> Any:
        """Send those that wait again, in the order in which they were read. A page; `next` is the `after` of the next."""
        asked = _many(await request.body())
        wanted = dead.Wanted(asked.code, asked.type, sent=False)
        waiting = await dead.list_dead(self.database, asked.limit, wanted, asked.after)
        ids = [letter["id"] for letter in waiting]
        done = [{"id": id_, "sent": False} for id_ in ids] if asked.dry_run else await self._some_sent(ids, asked)
        more = len(done) < len(waiting) or len(waiting) == asked.limit
        return {"dry_run": asked.dry_run, "items": done, "next": done[-1]["id"] if done and more else None}

    async def _some_sent(self, ids: list[str], asked: Many) -> list[dict[str, Any]]:
        done, ends = list[dict[str, Any]](), time.monotonic() + LONGEST
        for id_ in ids:
            if time.monotonic() >= ends:
                break
            if done or asked.after:
                await asyncio.sleep(1 / asked.rate)
            done.append(await self._one_of_many(id_))
        return done

    async def _one_of_many(self, id_: str) -> dict[str, Any]:
        await self.app.gate.admit(ONE_AGAIN, {"id": id_})
        try:
            await self._redrive(await self._found(id_))
        except ChassisError as error:
            return {"id": id_, "sent": False, "code": error.code, "detail": error.detail}
        return {"sent": True, **await self._found(id_)}

    async def change(self, request: Request) -> Any:
        """Change what will be sent of a letter; what was read stays."""
        letter, asked = await self.shown(request), _change(await request.body())
        _, now = await self._records(letter["id"])
        record = edited(now, asked.changes)
        sealed = self.app.seal.close(record_bytes(record))
        caller = asking().name
        who = asked.who if caller == LOCAL_ADMIN.name else caller
        edit = dead.Edit(sealed, who, asked.why, self.app.clock.now())
        if not await dead.edit_dead(self.database, letter["id"], edit):
            raise LetterSent
        return await self.compared(request)

    async def compared(self, request: Request) -> Any:
        """Where what would be sent differs from what was read, without values; who changed it, when, and why."""
        letter = await self.shown(request)
        was, now = await self._records(letter["id"])
        found = [each._asdict() for each in differences(as_document(was), as_document(now))]
        return {"id": letter["id"], "edits": letter["edits"], "differences": found}

    async def _records(self, letter: str) -> tuple[Record, Record]:
        was, now = await dead.kept_dead(self.database, letter)
        return self._opened(was), self._opened(now)

    def _opened(self, sealed: bytes) -> Record:
        try:
            return Record(*record_of(self.app.seal.open(sealed)))
        except InvalidTag:
            raise LetterSealed from None

    async def _redrive(self, letter: dict[str, Any]) -> None:
        """Send a letter's record to the partition it was read from. Sent twice, after a crash, it is still one fact."""
        if self.app.not_started:
            raise Unavailable("this process is still starting; try again")
        if letter["topic"] is None:
            raise NotFound("the slot that this letter was read from is not known any more")
        key, value, headers = self._opened(await dead.begin_redrive(self.database, letter["id"]))
        await self.app.broker.send_to(letter["topic"], letter["partition"], key, value, headers)
        await dead.end_redrive(self.database, letter["id"], self.app.clock.now())


def _wanted(request: Request) -> dead.Wanted:
    asked = request.query_params
    return dead.Wanted(asked.get("code", ""), asked.get("type", ""), asked.get("waiting") != "true")


def _many(body: bytes) -> Many:
    many = read(body, Many, InvalidRequest("send {code, type, all, after, limit, rate, dry_run}"))
    if not (many.code or many.type or many.all):
        raise InvalidRequest("say which: a code, a type, or all", "/all")
    if not 1 <= many.limit <= MOST:
        raise InvalidRequest(f"limit is 1 to {MOST}", "/limit")
    if not SLOWEST <= many.rate <= 10_000:
        raise InvalidRequest(f"rate is {SLOWEST} to 10000 letters a second", "/rate")
    return many


def _change(body: bytes) -> Change:
    change = read(body, Change, BadEdit("send {who, why, changes: [{op, path, value}]}"))
    for name, text in (("who", change.who), ("why", change.why)):
        if not (1 <= len(text) <= 200 and text.isprintable()):
            raise BadEdit(f"{name} is 1 to 200 printable characters, and nobody's personal data", f"/{name}")
    if not change.changes:
        raise BadEdit("there is no change", "/changes")
    return change


def read(body: bytes, type_: type[T], refusal: ChassisError) -> T:
    """A body as what it should be; raises `refusal`."""
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise refusal from None


def door(answer: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """An answer as JSON, an error as a problem document."""

    async def opened(request: Request) -> Response:
        try:
            return Response(msgspec.json.encode(await answer(request)), media_type="application/json")
        except (Transient, ChassisError) as error:
            return problem(error if isinstance(error, ChassisError) else Unavailable(), request)

    return opened
