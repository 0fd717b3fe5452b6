"""A TCP proxy in front of a broker or a database: cuts its connections, delays, throttles or swallows what goes through.

Members of a cluster are told the proxy's address, the tests' own clients the real one, so that only the product suffers.
"""

import asyncio
import socket
import struct
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from deploy.local import ports

CHUNK = 16_384
RESET = struct.pack("ii", 1, 0)  # close without lingering: the other side sees a reset, not an end


class Proxy:
    """Forwards connections to a loopback port, from a thread of its own. `done` counts what the faults did.

    `delay`: seconds before a chunk (16 KiB at most) is passed on. `rate`: bytes a second of one connection and
    direction, 0 = as fast as it goes. `hole`: everything is swallowed, connections stay open and nobody answers.
    """

    def __init__(self, target: int) -> None:
        self.target, self.port = target, ports.free_ports(1)[0]
        self.address = f"{ports.LOOPBACK}:{self.port}"
        self.delay, self.rate, self.hole = 0.0, 0, False
        self.done: Counter[str] = Counter()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {target}", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: Any = None

    def start(self) -> None:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._accept, ports.LOOPBACK, self.port))

    def stop(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def cut(self) -> int:
        """Reset every connection there is; returns how many that were (both sides of one count once)."""
        return self._do(self._cut())

    @contextmanager
    def slowed(self, delay: float, rate: int = 0) -> Iterator[None]:
        """Slow for as long as the block lasts."""
        self.delay, self.rate = delay, rate
        try:
            yield
        finally:
            self.delay, self.rate = 0.0, 0

    @contextmanager
    def swallowed(self) -> Iterator[None]:
        """Nothing passes while the block lasts; then the connections are reset, for what was swallowed is missing."""
        self.hole = True
        try:
            yield
        finally:
            self.hole = False
            self.cut()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _cut(self) -> int:
        cut = list(self._open)
        for writer in cut:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        self.done["cut"] += len(cut) // 2
        return len(cut) // 2

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # an aborted connection closes its socket in the loop's next turns

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(ports.LOOPBACK, self.target)
        except OSError:  # the target is down: the client sees a connection that ends at once
            writer.transport.abort()
            return
        for source, sink in ((reader, back), (there, writer)):
            self._open.add(sink)
            task = self._loop.create_task(self._pass(source, sink, writer, back))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *both: Any) -> None:
        try:
            while chunk := await source.read(CHUNK):
                if self.hole:
                    self.done["swallowed"] += 1
                    continue
                pause = self.delay + (len(chunk) / self.rate if self.rate else 0)
                if pause:
                    self.done["slowed"] += 1
                    await asyncio.sleep(pause)
                sink.write(chunk)
                await sink.drain()
        except OSError:
            self.done["broken"] += 1
        finally:
            for writer in both:
                writer.close()
                self._open.discard(writer)
