"""The HTTP door: one way to make an app, one form of error (RFC 9457), idempotency keys, versions as ETags."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import structlog
from fastapi import APIRouter, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from chassis.errors import (
    BadIfMatch,
    BodyTooLarge,
    ChassisError,
    DeadlineExceeded,
    InvalidRequest,
    NoSuchRoute,
    Unavailable,
)
from chassis.fold.ports import Transient
from chassis.gate.gate import Gate
from chassis.gate.http import asked, shown
from chassis.gate.quotas import records_in
from chassis.headers import Headers
from chassis.seeing import tracing

log = structlog.get_logger()

MAX_BODY = 65_536
DEADLINE = 15.0
PROBLEM = "application/problem+json"


def make_web(title: str, version: str, routers: Sequence[APIRouter], refusals: type[Exception], gate: Gate) -> FastAPI:
    """An app whose every error is a problem document. `refusals`: the base class of the business's own errors."""
    app = FastAPI(title=title, version=version, docs_url="/docs", redoc_url=None)
    for router in routers:
        app.router.routes.extend(router.routes)  # flat, so that the gate sees each door
    for kind, handler in (
        (ChassisError, _known),
        (refusals, _known),
        (RequestValidationError, _invalid),
        (HTTPException, _routing),
        (Transient, _transient),
        (Exception, _unknown),
    ):
        app.add_exception_handler(kind, handler)
    app.add_middleware(Guard, gate=gate, routes=app.router.routes, refusals=refusals)
    app.add_middleware(Headers, over_tls=gate.verifier is not None)
    return app


class Guard:
    """Asks the gate, refuses large bodies, and ends requests that take too long. `prefix` of the doors' names."""

    def __init__(
        self, app: Any, gate: Gate, routes: Sequence[Any], refusals: type[Exception] = ChassisError, prefix: str = ""
    ) -> None:
        self.app, self.gate, self.routes, self.prefix = app, gate, routes, prefix
        self.known = (ChassisError, refusals)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(DEADLINE):
                door, route, found = self._door(scope)
                if not door:  # fits no route: there is nothing to guard
                    await self.app(scope, _again(await _body(receive), receive), send)
                    return
                request = Request(scope)
                await self.gate.know(door, shown(request))
                body = await _body(receive)
                await self.gate.admit(door, asked(route, body, request.query_params, found))
                answer = self._counted if self.gate.is_counted(door) else self.app
                await answer(scope, _again(body, receive), send)
        except self.known as error:
            await problem(error, Request(scope))(scope, receive, send)
        except Transient:
            await problem(Unavailable(), Request(scope))(scope, receive, send)
        except TimeoutError:
            await problem(DeadlineExceeded(), Request(scope))(scope, receive, send)

    async def _counted(self, scope: Any, receive: Any, send: Any) -> None:
        """Holds an answer back until it is whole, and counts what it hands out before it goes."""
        held: list[Any] = []

        async def hold(message: Any) -> None:
            held.append(message)

        try:
            await self.app(scope, receive, hold)
            if held[0]["status"] == 200:
                await self.gate.spend("exports_per_day", records_in(b"".join(each.get("body", b"") for each in held)))
        except (*self.known, Transient):
            raise
        except Exception:
            await _send_all(held, send)
            raise
        await _send_all(held, send)

    def _door(self, scope: Any) -> tuple[str, Any, dict[str, Any]]:
        """The door's name, its route, what its path holds; "" for what fits no route."""
        for route in self.routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                method = "GET" if scope["method"] == "HEAD" else scope["method"]
                return f"{self.prefix}{method} {route.path}", route, found.get("path_params", {})
        return "", None, {}


async def _send_all(messages: Sequence[Any], send: Any) -> None:
    for each in messages:
        await send(each)


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise BodyTooLarge
        if not message.get("more_body"):
            return body


def _again(body: bytes, receive: Any) -> Any:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return messages.pop() if messages else await receive()

    return replay


def problem(error: Any, request: Request, errors: Sequence[dict[str, str]] = ()) -> JSONResponse:
    """An error as a problem document; never a value that the caller sent."""
    trace = tracing.trace_id() or trace_id(request.headers.get("traceparent"))
    content = {
        "type": f"urn:hearth:error:{error.code.replace('_', '-')}",
        "title": error.title,
        "status": error.status,
        "detail": str(getattr(error, "detail", "") or error),
        "code": error.code,
        "errors": list(errors) or _pointed(error),
        "trace_id": trace,
    }
    return JSONResponse(content, error.status, _headers(error), media_type=PROBLEM)


def _headers(error: Any) -> dict[str, str]:
    """What goes with an error beside its document."""
    if error.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(error.retry_after)} if error.status == 429 else {}


def _pointed(error: Any) -> list[dict[str, str]]:
    pointer = getattr(error, "pointer", "")
    return [{"pointer": pointer, "code": error.code, "detail": str(getattr(error, "detail", ""))}] if pointer else []


def trace_id(traceparent: str | None) -> str:
    """The trace id of a W3C traceparent, or a new one."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == 32 else uuid4().hex


async def _known(request: Request, error: Any) -> JSONResponse:
    return problem(error, request)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    errors = [{"pointer": _pointer(found), "code": found["type"], "detail": found["msg"]} for found in error.errors()]
    return problem(InvalidRequest(), request, errors)


def _pointer(found: Any) -> str:
    """A member of the body by its own pointer, anything else under what it is in: `/amount`, `/query/limit`. A member
    that has no place there is not named, for its name may be anything: the pointer is of what it is in.
    """
    place = found["loc"][:-1] if found["type"] == "extra_forbidden" else found["loc"]
    return "".join(f"/{part}" for part in (place[1:] if place[0] == "body" else place))


async def _routing(request: Request, error: Any) -> JSONResponse:
    known = NoSuchRoute()
    known.status = error.status_code
    return problem(known, request)


async def _transient(request: Request, error: Any) -> JSONResponse:
    return problem(Unavailable(), request)


async def _unknown(request: Request, error: Any) -> JSONResponse:
    answer = problem(ChassisError(), request)
    log.error("request failed", path=request.url.path, error=type(error).__name__)
    return answer


def etag(seq: int) -> dict[str, str]:
    """The header that tells the version of what was read."""
    return {"ETag": f'"{seq}"'}


def expected_version(if_match: str | None = Header(None, alias="If-Match")) -> int | None:
    """A dependency: the version that the caller has read, or None."""
    if if_match is None:
        return None
    inner = if_match.strip()
    if len(inner) < 3 or inner[0] != '"' or inner[-1] != '"' or not inner[1:-1].isdigit():
        raise BadIfMatch
    return int(inner[1:-1])


def idempotency_key(key: str | None = Header(None, alias="Idempotency-Key")) -> str | None:
    """A dependency: the caller's key (its absence is refused where a command is made)."""
    return key
