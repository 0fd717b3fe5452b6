"""`make run` and `make demo`, step by step: engines, keys, services (which migrate first), the story; then wait, then stop.

Whatever happens (Ctrl-C, SIGTERM, a step that fails, a service that ends), the services drain first and the engines
stop after them; a second Ctrl-C kills the rest at once.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from deploy.local import keys, services, stack
from deploy.local.errors import LocalError
from deploy.local.process import Process
from deploy.local.services import Service, move_clocks
from hearth.cli.story import BEGIN

MIGRATE_SECONDS = 180
READY_SECONDS = 180
STORY_SECONDS = 300
DRAIN_SECONDS = 25
DEATHS, DEATHS_SECONDS = 6, 60  # as many deaths in as many seconds are no accident any more


class Stopped(BaseException):
    """A signal asked the run to end. Not an Exception, so that no handler on the way swallows it."""


@contextlib.contextmanager
def signals_stop() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into Stopped while the block runs."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(signal.Signals(number).name)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Progress:
    """Prints lines with the seconds since the start."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self, text: str) -> None:
        """Print one line; a terminal that is gone must not keep the run from ending in order."""
        with contextlib.suppress(OSError):
            print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)


class Run:
    """One local run: everything it started, in the order in which it must stop.

    engines, placed: what to start and where, nothing of it running yet. data, log_dir: where it keeps its things.
    """

    def __init__(self, engines: stack.Engines, placed: list[Service], data: Path, log_dir: Path, say: Progress) -> None:
        self.engines = engines
        self.services = placed
        self.data = data
        self.log_dir = log_dir
        self.say = say
        self.running: list[Process] = []
        self.settings = services.shared_settings(placed, engines.env, data, keys.ensure(data / "keys"))
        self.told = data / "story-told"

    def stand_clocks(self) -> None:
        """Let the clocks of all services stand where the story begins, unless it was told already."""
        if not self.told.exists():
            self.settings.setdefault("HEARTH_CLOCK", BEGIN)

    def release_clocks(self) -> None:
        """From now on the clocks are real, also those of services that are started again."""
        move_clocks(self.services)
        self.told.touch()
        for process in self.running:
            process.env = {**(process.env or {}), "HEARTH_CLOCK": "real"}

    def start(self) -> None:
        """Start engines and services, and wait until every service is ready. Raises LocalError."""
        for engine in self.engines.own:
            self.say(f"starting {engine.name} on {engine.url}")
        self.engines.start()
        for service in self.services:
            self.say(f"starting {service.name}")
            self.running.append(services.process(service, "all", self.settings, self.log_dir))
            self.running[-1].spawn()
        for service, process in zip(self.services, self.running, strict=True):
            process.wait_until(service.is_ready, READY_SECONDS)
            self.say(f"{service.name} is ready")
        self._index()

    def _migrate(self) -> None:
        """All services at once; each makes only what it owns."""
        migrations = [services.process(service, "migrate", self.settings, self.log_dir) for service in self.services]
        self.running = migrations
        for migration in migrations:
            migration.spawn()
        deadline = time.monotonic() + MIGRATE_SECONDS
        for migration in migrations:
            while migration.alive and time.monotonic() < deadline:
                time.sleep(0.05)
            if migration.exit_code != 0:
                how = "took too long" if migration.alive else f"failed with exit code {migration.exit_code}"
                raise LocalError(f"{migration.name} {how}. {migration.report()}")
        self.running = []
        self._index()

    def _index(self) -> None:
        self.engines.index_ids(self.settings.get("HEARTH_NAMESPACE", ""))

    def story(self, action: str) -> int:
        """Run `hearth story play|check` against the services, its output shown; its exit code."""
        command = [sys.executable, "-m", "hearth.cli", "story", action]
        try:
            return subprocess.run(
                command, env=self.settings, stdin=subprocess.DEVNULL, timeout=STORY_SECONDS, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            raise LocalError(f"`hearth story {action}` was not done after {STORY_SECONDS} s") from None

    def watch(self) -> None:
        """Wait for ever, and start again what dies, as a cluster would. Raises LocalError if it keeps dying."""
        deaths: deque[float] = deque(maxlen=DEATHS)
        while True:
            for child in [*self.running, *(engine.process for engine in self.engines.own)]:
                if not child.alive:
                    self._revive(child, deaths)
            time.sleep(0.2)

    def _revive(self, child: Process, deaths: deque[float]) -> None:
        deaths.append(time.monotonic())
        if len(deaths) == DEATHS and deaths[-1] - deaths[0] < DEATHS_SECONDS:
            raise LocalError(f"{child.name} ended with exit code {child.exit_code}, again. {child.report()}")
        self.say(f"{child.name} ended with exit code {child.exit_code}; starting it again (log: {child.log})")
        engine = next((engine for engine in self.engines.own if engine.process is child), None)
        if engine is None:
            child.spawn()
            return
        engine.start()
        running = self.running
        self._migrate()  # a broker that keeps everything in memory came back without topics
        self.running = running

    def stop(self) -> None:
        """Drain the services, all at the same time, then stop the engines. Safe at any moment."""
        try:
            for process in self.running:
                process.send(signal.SIGTERM)
            deadline = time.monotonic() + DRAIN_SECONDS
            for process in self.running:
                process.stop(max(0.1, deadline - time.monotonic()))
            self.engines.stop()
        finally:
            for process in self.running:
                process.kill()
            self.engines.kill()


def banner(run: Run) -> str:
    """What runs where, and how to stop it."""
    rows = [
        f"  {s.name:<16} {s.url}/docs   gRPC {s.peer}   admin http://127.0.0.1:{s.admin}/metrics" for s in run.services
    ]
    return "\n".join(
        [
            "",
            "Hearth runs. No authentication, loopback only: nobody but this machine can reach it.",
            *rows,
            f"  {'broker':<16} {run.engines.bootstrap}",
            f"  {'database':<16} {run.engines.mongo_url}",
            f"  {'logs':<16} {run.log_dir}",
            f"  {'data, keys':<16} {run.data}   (`make reset` erases the data)",
            "Ctrl-C stops everything in order.",
            "",
        ]
    )


@contextlib.contextmanager
def stopping(run: Run, say: Callable[[str], None]) -> Iterator[None]:
    """Stop the run when the block ends, however it ends."""
    try:
        yield
    finally:
        say("stopping: services first, then engines (Ctrl-C again kills)")
        run.stop()
        say("stopped; nothing is left running")


def serve(run: Run) -> int:
    """`make run`: start, play the story, show the banner, wait. 0 after Ctrl-C or SIGTERM."""
    try:
        with signals_stop(), stopping(run, run.say):
            run.stand_clocks()
            run.start()
            run.say("playing the story: the facts that a sales office's systems would send")
            if (code := run.story("play")) != 0:
                raise LocalError(f"the story failed with exit code {code}; services' logs are in {run.log_dir}")
            run.release_clocks()
            print(banner(run), flush=True)
            run.watch()
    except Stopped:
        return 0
    return 1


def demo(run: Run, scrape: Path | None = None) -> int:
    """`make demo`: start on free ports, check every number of the story, stop. The check's exit code, or 130. `scrape`: a
    file for what the services answer at `/metrics` before they stop.
    """
    try:
        with signals_stop(), stopping(run, run.say):
            run.stand_clocks()
            run.start()
            run.say("playing the story and checking every number of it")
            code = run.story("check")
            if scrape is not None:
                scrape.write_text("".join(each.metrics() for each in run.services))
            if code != 0:
                run.say(f"the story's check failed with exit code {code}; logs stay in {run.log_dir}")
            return code
    except Stopped:
        return 130


def engines_only(engines: stack.Engines, say: Progress) -> int:
    """`make engines`: start the engines, print how to use them, wait."""
    try:
        with signals_stop():
            try:
                engines.start()
                say("the engines run; in another shell:")
                print("".join(f"export {key}='{value}'\n" for key, value in engines.env.items()), flush=True)
                while all(engine.alive for engine in engines.own):
                    time.sleep(0.2)
                ended = next(engine for engine in engines.own if not engine.alive)
                raise LocalError(f"{ended.name} ended. {ended.process.report()}")
            finally:
                engines.stop()
    except Stopped:
        say("stopped")
        return 0


def remove_dead_demos(root: Path) -> None:
    """Remove what demos that were killed with SIGKILL could not: their folders name a process that is no more."""
    for folder in root.glob("demo-*"):
        pid = folder.name.removeprefix("demo-")
        if pid.isdigit() and not _is_running(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
