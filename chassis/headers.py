"""Headers that every HTTP answer carries, so that no browser guesses, frames, keeps or passes on what it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALWAYS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
"""Answers are data, not pages: nothing in them may load or run anything. A route that says otherwise keeps its own."""

OVER_TLS = {"strict-transport-security": "max-age=63072000; includeSubDomains"}
"""Where callers must show who they are, TLS ends in front of the door; two years."""

EXPLORER = "/docs"
"""The API explorer is a page whose parts come from elsewhere: it says nothing of its sources."""


class Headers:
    """Adds what an answer does not say itself. `over_tls`: callers must show who they are."""

    def __init__(self, app: Any, over_tls: bool = False) -> None:
        self.app = app
        self._all = _encoded(ALWAYS | OVER_TLS if over_tls else ALWAYS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        skipped = b"content-security-policy" if scope.get("path", "").startswith(EXPLORER) else b""

        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]} | {skipped}
                more = [(name, value) for name, value in self._all if name not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, add if scope["type"] == "http" else send)


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
