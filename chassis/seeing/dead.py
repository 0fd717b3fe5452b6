"""Dead letters at the admin door: listed, and sent again to where they came from. What they hold is never shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.errors import ChassisError, NotFound, Unavailable
from chassis.fold.batch import record_of
from chassis.fold.ports import Transient
from chassis.store.seeing import dead
from chassis.web import problem

if TYPE_CHECKING:
    from chassis.app import App


def dead_routes(app: App) -> list[Route]:
    """`GET /v1/dead`, `GET /v1/dead/{id}`, `POST /v1/dead/{id}/redrive`."""

    async def listed(_request: Request) -> Any:
        return {"waiting": await dead.count_dead(app.database), "items": await dead.list_dead(app.database, 200)}

    async def shown(request: Request) -> Any:
        found = await dead.show_dead(app.database, request.path_params["id"])
        if found is None:
            raise NotFound("no dead letter has this id")
        return found

    async def again(request: Request) -> Any:
        letter = await shown(request)
        if letter["redriven_at"] is None:
            await redrive(app, letter)
        return await shown(request)

    return [
        Route("/v1/dead", _door(listed)),
        Route("/v1/dead/{id:path}/redrive", _door(again), methods=["POST"]),
        Route("/v1/dead/{id:path}", _door(shown)),
    ]


async def redrive(app: App, letter: dict[str, Any]) -> None:
    """Send a letter's record to the partition it was read from. Sent twice, after a crash, it is still one fact."""
    if app.not_started:
        raise Unavailable("this process is still starting; try again")
    key, value, headers = record_of(app.seal.open(await dead.begin_redrive(app.database, letter["id"])))
    await app.broker.send_to(letter["topic"], letter["partition"], key, value, headers)
    await dead.end_redrive(app.database, letter["id"], app.clock.now())


def _door(answer: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def door(request: Request) -> Response:
        try:
            return Response(msgspec.json.encode(await answer(request)), media_type="application/json")
        except (Transient, ChassisError) as error:
            return problem(error if isinstance(error, ChassisError) else Unavailable(), request)

    return door
