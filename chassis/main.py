"""`python -m services.<name> ROLE`: one command for every role, errors in words, a clean end on SIGTERM and Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence

import structlog

from chassis.app import ROLES, App
from chassis.fold.ports import Transient
from chassis.gate.services import IdentityError
from chassis.gate.table import TableError
from chassis.gate.tls import CertificateError
from chassis.logs import configure
from chassis.migrate import migrate, wait_migrated
from chassis.seal import KeyFileError
from chassis.serving import PortTaken
from chassis.settings import Settings, SettingsError
from chassis.stream.topics import WrongPartitions
from chassis.tasks import COMMON

log = structlog.get_logger()

USAGE = "usage: python -m services.{name} api | worker | all | migrate [--wait SECONDS] | task NAME [ARGUMENT …]"
MISTAKES = (
    *(SettingsError, KeyFileError, TableError, IdentityError, CertificateError),
    *(PortTaken, WrongPartitions, LookupError, Transient),
)
"""Errors whose message says all; a trace would only hide it."""


def run(name: str, read: Callable[[], Settings], build: Callable[[Settings], App], argv: Sequence[str]) -> int:
    """Run a role; returns the exit code."""
    if not _is_understood(argv):
        print(USAGE.format(name=name), file=sys.stderr)
        return 2
    try:
        settings = read()
        configure(settings.log_level, settings.log_format, name, argv[0])
        return _run_loop(_role(lambda: build(settings), argv))
    except MISTAKES as error:
        print(f"{name} {argv[0]}: {error}", file=sys.stderr)
        return 1


def _is_understood(argv: Sequence[str]) -> bool:
    if argv and argv[0] == "migrate":
        waits = len(argv) == 3 and argv[1] == "--wait" and argv[2].isdecimal()
        return len(argv) == 1 or waits
    return bool(argv) and (argv[0] in ROLES or (argv[0] == "task" and len(argv) > 1))


def _run_loop(work: Awaitable[int]) -> int:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)  # type: ignore[arg-type]


async def _role(build: Callable[[], App], argv: Sequence[str]) -> int:
    app = build()
    if app.settings.auth == "none":
        log.warning("no authentication: every caller is local-admin, listeners are loopback only")
    if argv[0] in ROLES:
        return await _serve(app, argv[0])
    try:
        if argv[0] == "migrate":
            await (wait_migrated(app, float(argv[2])) if argv[1:] else migrate(app))
            return 0
        await app.prepare()
        return await _task(app, argv[1], argv[2:])
    finally:
        await app.stop()


async def _task(app: App, name: str, arguments: Sequence[str]) -> int:
    tasks = {**COMMON, **app.definition.tasks}
    if name not in tasks:
        print(f"no task {name}; there are: {', '.join(sorted(tasks))}", file=sys.stderr)
        return 2
    return await tasks[name](app, arguments)


def calm_garbage_collection() -> None:
    """A worker makes many small objects and no cycles: collect rarely, and never look at what was there at start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


async def _serve(app: App, role: str) -> int:
    calm_garbage_collection()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        if role == "all":  # it is the whole service: nobody else migrates for it; a signal ends it at once meanwhile
            await migrate(app)
            await wait_migrated(app, 120)  # the services beside it make what it reads
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        await app.start(role)
        code = await _until(app, stop)
    finally:
        log.info("stopping")
        await app.stop()
        logging.shutdown()
    return code


async def _until(app: App, stop: asyncio.Event) -> int:
    """Wait for a signal, or for the worker to crash (then a supervisor starts the process again)."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
        if app.worker is not None and app.worker.app.crashed:
            log.error("the consumer crashed; the process ends to be started again")
            return 1
    return 0
