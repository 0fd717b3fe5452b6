"""Processes of services that are up in a fraction of a second: forked from a server that has imported everything.

A fault run starts a thousand of them; importing alone would take it an hour.
"""

import contextlib
import functools
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.process import START_MARK, Process, _die_with, tail
from tests.faults.older import python_of

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.child", "services.loyalty.app", "services.profile.app"])


POISON = "FAULT_POISON"
"""`<type>=<customer>`: in this process the rule of loyalty for facts of that type raises for that customer."""


def _poison(service: str, what: str) -> None:
    """A mistake in a rule that only one customer meets."""
    if not what or service != "loyalty":
        return
    from services.loyalty.worker.table import RULES

    type_, _, customer = what.partition("=")
    rule = RULES[type_]

    @functools.wraps(rule.apply)  # a rule's name is in the ids of what it says
    def mistaken(state: Any, fact: Any, now: Any, policy: Any) -> Any:
        if fact.subject == customer:
            raise ZeroDivisionError("a mistake that only one customer meets")
        return rule.apply(state, fact, now, policy)

    RULES[type_] = rule._replace(apply=mistaken)


def run(service: str, arguments: Sequence[str], env: Mapping[str, str], log: str) -> None:
    """Become `python -m services.<service> <arguments>` (runs in the child)."""
    os.setsid()
    _die_with(os.getppid(), signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(output, f"{START_MARK}{time.time():.1f}\n".encode())
    for number in (1, 2):
        os.dup2(output, number)
    os.environ.clear()
    os.environ.update(env)
    from chassis.main import run as run_role

    _poison(service, env.get(POISON, ""))
    settings = importlib.import_module(f"services.{service}.settings")
    app = importlib.import_module(f"services.{service}.app")
    sys.exit(run_role(service, settings.read_settings, app.build, list(arguments)))


class Child:
    """One process of a service; started once."""

    def __init__(self, service: str, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._process = CONTEXT.Process(target=run, args=(service, list(arguments), dict(env), str(log)), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int | None:
        """Its number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs (or is paused)."""
        return self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.exitcode

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self.alive and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):  # it may die by itself just now
                os.kill(self._process.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; returns whether it has ended."""
        self._process.join(seconds)
        return not self.alive

    def stop(self, seconds: float = 30) -> None:
        """SIGTERM, and SIGKILL if it does not end."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if not self.wait(seconds):
            self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        self.send(signal.SIGKILL)
        self.wait(10)

    def report(self) -> str:
        """The last lines of its log."""
        return f"{self.log}:\n{tail(self.log)}"


class Program(Process):
    """The same of another tree, started as anybody would: `python -m services.<service>` from that folder.

    -P keeps the working directory, which is this tree, from the path.
    """

    def __init__(self, tree: Path, service: str, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        command = [python_of(tree), "-P", "-m", f"services.{service}", *arguments]
        super().__init__(f"{service} of {tree.name}", command, log, {**env, "PYTHONPATH": str(tree)})
        log.parent.mkdir(parents=True, exist_ok=True)
        self.spawn()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; returns whether it has ended."""
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.alive
