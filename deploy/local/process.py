"""One child process: started in a session of its own, logged to a file, stopped for certain.

A child never outlives the runner: Ctrl-C does not reach it (own session), so the runner stops it in order; and if the
runner itself is killed, the kernel kills the child (Linux: parent-death signal).
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.errors import LocalError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with(parent: int, number: signal.Signals) -> None:
    """Run in the child before exec: ask the kernel for a signal when the parent ends, and notice if it already has.

    The child hears SIGINT even where the runner does not, as a job in the background.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)


START_MARK = "=== started "


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log file, none of an earlier start, or a word that there are none."""
    try:
        text = path.read_text(errors="replace").rpartition(START_MARK)[2].splitlines()
    except OSError:
        text = []
    return "\n".join(text[-lines:]) or "(the log is empty)"


class Process:
    """A program with its arguments, environment and log file; may be started again after it ended.

    Start it from a thread that lives as long as the child should: on Linux the parent-death signal is sent when the
    starting *thread* ends.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.death_signal = signal.SIGKILL  # what the kernel sends it when the runner dies
        self.command = list(command)
        self.log = log
        self.env = dict(env) if env is not None else None
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs (or is paused), else None."""
        return self._popen.pid if self._popen is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the last run (negative = ended by that signal), or None."""
        return self._popen.poll() if self._popen is not None else None

    def spawn(self) -> None:
        """Start it without waiting for anything. Output is appended to the log. Raises LocalError."""
        if self.alive:
            raise LocalError(f"{self.name} runs already (process {self.pid})")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getpid()
        try:
            with self.log.open("ab") as output:
                output.write(f"{START_MARK}{datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
                output.flush()
                self._popen = subprocess.Popen(  # the child must be set up before exec, and no threads run yet
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=self.env,
                    start_new_session=True,
                    preexec_fn=lambda: _die_with(parent, self.death_signal),
                )
        except OSError as error:
            raise LocalError(f"{self.name} cannot be started: {error}") from error

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()` is true. Raises LocalError, with the log's end, if the process or the time ends."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise LocalError(f"{self.name} ended with exit code {self.exit_code}. {self.report()}")
            if time.monotonic() > deadline:
                raise LocalError(f"{self.name} did not answer within {seconds:.0f} s. {self.report()}")
            time.sleep(0.05)

    def report(self) -> str:
        """Where the log is, and its last lines."""
        return f"The last lines of {self.log}:\n{tail(self.log)}"

    def stop(self, seconds: float = 20) -> None:
        """Ask it to end (SIGTERM), and kill it if it has not within `seconds`. Does nothing if it does not run."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if self._popen is not None:
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
            self._signal_group(signal.SIGKILL)

    def kill(self) -> None:
        """End it and everything it started, now (SIGKILL), as a crash would."""
        if self._popen is not None and self.alive:
            self._signal_group(signal.SIGKILL)
            self._popen.wait()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): it keeps its connections and does nothing, like a machine that swaps."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and its children, if it runs."""
        if self.alive:
            self._signal_group(number)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._popen is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, number)
