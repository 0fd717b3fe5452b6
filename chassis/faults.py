"""Faults on purpose, for tests: die at a named place, or lose the reply of a call that had its effect.

Every call to the database and the broker is a place, named `<role>.<call>.before` or `.after`, for the roles `lane`,
`view`, `door`, `timer`, `sweep`, `compaction`, `resend` and `resolve`. `HEARTH_CRASH_AT=lane.insert.after:3` ends the process at
the third time (several places, with commas between them: whichever comes first), `HEARTH_PAUSE_AT` stops it there until
somebody sends SIGCONT (a zombie); `HEARTH_LOSE_REPLIES=<probability>:<seed>` loses the first reply of every place and, by that
chance, later ones. Without these nothing is wrapped.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from chassis.fold.ports import Transient

CRASH_AT = "HEARTH_CRASH_AT"
PAUSE_AT = "HEARTH_PAUSE_AT"
LOSE_REPLIES = "HEARTH_LOSE_REPLIES"
EXIT_CODE = 137

T = TypeVar("T")


class Faults:
    """What is to go wrong in this process."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._crashes = _places(environ.get(CRASH_AT, ""))
        self._pauses = _places(environ.get(PAUSE_AT, ""))
        probability, _, seed = environ.get(LOSE_REPLIES, "").partition(":")
        self._probability = float(probability or 0)
        self._dice = random.Random(int(seed or 0))
        self._lost: set[str] = set()
        self.seen: Counter[str] = Counter()

    @property
    def wanted(self) -> bool:
        """True if anything is to go wrong."""
        return bool(self._crashes or self._pauses) or self._probability > 0

    def at(self, place: str) -> None:
        """Die or pause here, if it is the time."""
        self.seen[place] += 1
        times = self.seen[place]
        if self._crashes.get(place) == times:
            print(f"fault: dying at {place}, time {times}", file=sys.stderr, flush=True)
            os._exit(EXIT_CODE)
        if self._pauses.get(place) == times:
            print(f"fault: pausing at {place}, time {times}", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)

    def after(self, place: str) -> None:
        """Lose the reply here: the first time, and then by chance."""
        if not self._probability:
            return
        first = place not in self._lost
        if first or self._dice.random() < self._probability:
            self._lost.add(place)
            print(f"fault: lost the reply of {place}", file=sys.stderr, flush=True)
            raise Transient(f"fault: the reply of {place} was lost")

    def around(self, role: str, target: T) -> T:
        """The same port with every call a place; the target itself when nothing is to go wrong."""
        return cast(T, _Around(self, role, target)) if self.wanted else target


def _places(setting: str) -> dict[str, int]:
    """`place[:time],…` as place → time."""
    pairs = (part.strip().partition(":") for part in setting.split(",") if part.strip())
    return {place: int(times or 1) for place, _, times in pairs}


class _Around:
    def __init__(self, faults: Faults, role: str, target: Any) -> None:
        self._faults, self._role, self._target = faults, role, target

    def __getattr__(self, name: str) -> Any:
        call: Any = getattr(self._target, name)
        if name.startswith("_") or not callable(call):
            return call

        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            place = f"{self._role}.{name}"
            self._faults.at(f"{place}.before")
            result = await cast(Any, call)(*args, **kwargs)
            self._faults.at(f"{place}.after")
            self._faults.after(place)
            return result

        return wrapped
