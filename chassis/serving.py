"""Listening: sockets bound before anything starts, so that a taken port is one clear error."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn


class PortTaken(Exception):
    """Another process listens there."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__(
            f"{address}:{port} is taken: stop what listens there, or set HEARTH_PORT_OFFSET to move all ports"
        )


def listen(address: str, port: int) -> socket.socket:
    """A listening socket; raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
    except OSError:
        found.close()
        raise PortTaken(address, port) from None
    found.listen(1024)
    return found


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process has its own signal handling."""
        yield


class HttpServer:
    """An ASGI app served on a bound socket, inside the running loop. Of who connects from `trusted_proxies` (addresses,
    networks) the caller's address is what X-Forwarded-For says; of nobody else, for anybody can send that.
    """

    def __init__(self, app: Any, bound: socket.socket, trusted_proxies: str = "") -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=trusted_proxies,
        )
        self._server, self._socket = _Server(config), bound
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve; returns when requests are answered."""
        self._task = asyncio.create_task(self._server.serve([self._socket]), name="http")
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish what runs, then close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
