"""Engines that must be fetched or built: once per version and machine, into the cache, complete or not at all."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.paths import cache_dir
from deploy.local.process import tail


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time work on `name`; the kernel frees the lock however that process ends."""
    with (cache_dir() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cached(name: str, build: Callable[[Path], None], say: Callable[[str], None] = print) -> Path:
    """The cached folder `name`; if there is none, `build(folder)` fills a new one, which then appears all at once."""
    target = cache_dir() / name
    if target.is_dir():
        return target
    with locked(name):
        if target.is_dir():
            return target
        for leftover in cache_dir().glob(f".{name}-*"):  # of a build that was killed
            discard(leftover)
        say(f"{name}: fetching or building it into {target} (once per machine; log: {log_file(name)}) ...")
        work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache_dir()))
        try:
            build(work)
            work.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return target


def log_file(name: str) -> Path:
    """Where the output of a build goes."""
    return cache_dir() / f"{name}.log"


def discard(folder: Path) -> None:
    """Remove what a build leaves behind."""
    shutil.rmtree(folder, ignore_errors=True)


def tool(name: str, why: str) -> str:
    """The path of a program that must be installed. Raises LocalError that says what it is for."""
    found = shutil.which(name)
    if found is None:
        raise LocalError(f"`{name}` is not installed; {why}")
    return found


def build_step(command: Sequence[str], folder: Path, what: str) -> None:
    """Run one step of a build in `folder`, its output in a log. Raises LocalError with the end of the log."""
    log = log_file(what)
    with log.open("w") as output:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ.copy(),
            check=False,
        )
    if done.returncode != 0:
        raise LocalError(f"{what}: `{Path(command[0]).name}` failed. The last lines of {log}:\n{tail(log)}")
