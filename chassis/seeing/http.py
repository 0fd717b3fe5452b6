"""The HTTP door seen: a trace id for every request, a span named by the route, never by the path."""

from __future__ import annotations

from typing import Any

from chassis.seeing import semconv, tracing


class TracedHttp:
    """An ASGI app with a span around every request."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        with tracing.request(headers.get(semconv.TRACEPARENT)):
            if tracing.live() is None:
                await self.app(scope, receive, send)
            else:
                await self._traced(scope, receive, send, headers)

    async def _traced(self, scope: Any, receive: Any, send: Any, headers: dict[str, str]) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        parent = tracing.sent_by(headers)
        with tracing.span(method, "SERVER", {semconv.HTTP_METHOD: method}, parent) as made:

            async def noted(message: Any) -> None:
                if message["type"] == "http.response.start":
                    _note(made, message["status"])
                await send(message)

            await self.app(scope, receive, noted)
            route = getattr(scope.get("route"), "path", "")
            if route:
                made.update_name(f"{method} {route}")
                made.set_attribute(semconv.HTTP_ROUTE, route)


def _note(made: Any, status: int) -> None:
    made.set_attribute(semconv.HTTP_STATUS, status)
    if status >= 500:
        tracing.failed(made, str(status))


def _headers(scope: Any) -> dict[str, str]:
    wanted = (b"traceparent", b"tracestate")
    return {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in wanted}


_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"))
