"""Ports: the fixed ones of `make run`, free ones for everything else, and a clear word when one is taken."""

import fcntl
import os
import random
import socket
import tempfile
import time
from functools import cache
from pathlib import Path

from deploy.local.errors import LocalError

LOOPBACK = "127.0.0.1"
BROKER = 19092
DATABASE = 27117
ISSUER = 8180
FREE = (20_000, 27_000)


def offset() -> int:
    """What `HEARTH_PORT_OFFSET` adds to every fixed port. Raises LocalError when it is no number."""
    text = os.environ.get("HEARTH_PORT_OFFSET") or "0"
    try:
        return int(text)
    except ValueError:
        raise LocalError(f"HEARTH_PORT_OFFSET must be a whole number, not {text!r}") from None


def free_ports(count: int) -> list[int]:
    """`count` different ports of the loopback interface that nobody listens on, kept for this process (`keep`).

    They are below those from which the system takes ports for connections: one of these would be gone before it is used.
    """
    candidates = iter(random.SystemRandom().sample(range(*FREE), FREE[1] - FREE[0]))
    return [next(port for port in candidates if keep(port)) for _ in range(count)]


_kept: set[int] = set()


def keep(port: int) -> bool:
    """Keep a port from all others on this machine who ask so, until this process ends; False if it is taken or kept.

    Seconds pass between the moment in which a port is found free and that in which somebody listens there: two runs that
    start at once would now and then find the same one.
    """
    if port in _kept or is_taken(port):
        return False
    try:
        fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _kept.add(port)
    return True


@cache
def _register() -> int:
    """A file of which each byte stands for a port. It stays open: the locks in it end with the process."""
    path = Path(tempfile.gettempdir()) / f"hearth-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def is_taken(port: int) -> bool:
    """Whether another program holds the port. Connections that just closed (TIME_WAIT) do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
        return False


def require_free(name: str, port: int, patience: float = 0) -> None:
    """Raise LocalError if `port`, wanted by `name`, is taken and is not given back within `patience` seconds."""
    deadline = time.monotonic() + patience
    while is_taken(port):
        if time.monotonic() < deadline:
            time.sleep(0.1)
            continue
        raise LocalError(
            f"port {port} ({name}) is taken by another program. Stop that one, or shift all of Hearth's ports: "
            f"HEARTH_PORT_OFFSET=100 make run"
        )


def answers(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=0.5):
            return True
    except OSError:
        return False
