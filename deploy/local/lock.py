"""One runner per data folder.

The lock is the kernel's (`flock`), so it is gone the moment its holder ends, however it ends: there are no stale locks.
The text in the file only tells people who holds it.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import LocalError


@contextlib.contextmanager
def only_one(folder: Path, doing: str) -> Iterator[None]:
    """Hold the folder while `doing` something in it. Raises LocalError, with the holder's process id, if it is held."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another program"
            raise LocalError(f"{folder} is in use: {holder}. Stop that first, or set HEARTH_DATA_DIR") from None
        lock.truncate(0)
        lock.write(f"`{doing}`, process {os.getpid()}")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)
