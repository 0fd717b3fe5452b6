"""The audit log at the admin door: read by pages, the newest first; and checked."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.errors import InvalidRequest, Unavailable
from chassis.fold.ports import Transient
from chassis.web import problem

PAGE = 200


def audit_routes(log: Any) -> list[Route]:
    """`GET /v1/audit` and `GET /v1/audit/verify`."""

    async def entries(request: Request) -> Response:
        cursor = request.query_params.get("cursor")
        if cursor is not None and not cursor.isdecimal():
            return problem(InvalidRequest("cursor is that of an earlier answer", "/query/cursor"), request)
        try:
            found = await log.latest(PAGE, None if cursor is None else int(cursor))
        except Transient:
            return problem(Unavailable(), request)
        items = [{"number": entry.pop("_id"), **entry, "hash": bytes(entry["hash"]).hex()} for entry in found]
        return JSONResponse({"items": items, "next_cursor": str(items[-1]["number"]) if len(items) == PAGE else None})

    async def verify(request: Request) -> Response:
        try:
            fit, head, broken = await log.verify()
        except Transient:
            return problem(Unavailable(), request)
        verdict = {"entries": fit, "head": head.hex(), "broken": None if broken is None else broken._asdict()}
        return JSONResponse(verdict, 200 if broken is None else 409)

    return [Route("/v1/audit", entries), Route("/v1/audit/verify", verify)]
