"""The admin door of every role: `/startupz` started, `/livez` moving, `/readyz` can serve, `/metrics`, the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.clock import Clock, ClockError
from chassis.errors import ClockRefused
from chassis.gate.gate import Gate
from chassis.headers import Headers
from chassis.web import Guard, problem


class Health(Protocol):
    """What a process knows about itself. Each answers a list of reasons against; empty is good."""

    @property
    def not_started(self) -> list[str]: ...
    @property
    def not_live(self) -> list[str]: ...
    async def not_ready(self) -> list[str]: ...


def make_admin(
    health: Health,
    clock: Clock,
    scrape: Callable[[], Awaitable[bytes]],
    state: Callable[[], Any],
    gate: Gate,
    more: Sequence[Route] = (),
) -> Starlette:
    """The app of the admin port. `state()` is what `GET /v1/state` shows: lanes, positions, counts; `more` its routes."""

    async def startupz(_request: Request) -> Response:
        return _verdict(health.not_started)

    async def livez(_request: Request) -> Response:
        return _verdict(health.not_live)

    async def readyz(_request: Request) -> Response:
        return _verdict(health.not_started + await health.not_ready())

    async def metrics(_request: Request) -> Response:
        return Response(await scrape(), media_type="text/plain; version=0.0.4")

    async def show_state(_request: Request) -> Response:
        return JSONResponse(state())

    async def show_clock(_request: Request) -> Response:
        return JSONResponse({"now": clock.now().isoformat().replace("+00:00", "Z"), "real": clock.is_real})

    async def move_clock(request: Request) -> Response:
        try:
            body = await request.json()
            clock.move(str(body["now"]))
        except ClockError as error:
            return problem(ClockRefused(str(error), "/now"), request)
        except (ValueError, KeyError, TypeError):
            return problem(ClockRefused('send {"now": "<RFC 3339 instant>"} or {"now": "real"}', "/now"), request)
        return await show_clock(request)

    app = Starlette(
        routes=[
            Route("/startupz", startupz),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/v1/state", show_state),
            Route("/v1/clock", show_clock),
            Route("/v1/clock", move_clock, methods=["POST"]),
            *more,
        ]
    )
    app.add_middleware(Guard, gate=gate, routes=app.router.routes, prefix="admin ")
    app.add_middleware(Headers, over_tls=gate.verifier is not None)
    return app


def _verdict(against: list[str]) -> Response:
    return JSONResponse({"ok": not against, "reasons": against}, 503 if against else 200)
