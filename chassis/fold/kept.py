"""The heads that a worker keeps in memory between batches, bounded by what they weigh, whatever its number of lanes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from chassis.fold.model import Head, Key

MOST = 64 << 20
"""How many bytes all heads together may weigh; entities beyond are read from their views."""

OBJECTS, EACH = 6, 1_500
"""What objects take of what they take encoded, and what a head takes by itself (`docs/benchmarks.md`, memory)."""

WEIGHED = 16
"""A head is weighed when it comes, and at every so many versions."""


class Kept:
    """Heads by entity; those written longest ago go first. What is here is a hint: an insert shows whether it is true."""

    def __init__(self, most: int = MOST) -> None:
        self.most, self.weight = most, 0
        self.heads: OrderedDict[Key, Head] = OrderedDict()
        self._weights: dict[Key, int] = {}

    def keep(self, heads: Iterable[Head]) -> None:
        """These are the newest now; whatever is too much goes."""
        for head in heads:
            key = head.key
            self.heads[key] = head
            self.heads.move_to_end(key)
            if key not in self._weights or head.seq % WEIGHED == 0:
                weight = weight_of(head)
                self.weight += weight - self._weights.get(key, 0)
                self._weights[key] = weight
        while self.weight > self.most:
            key, _ = self.heads.popitem(last=False)
            self.weight -= self._weights.pop(key)

    def clear(self) -> None:
        """Believe nothing of it."""
        self.heads.clear()
        self._weights.clear()
        self.weight = 0


def weight_of(head: Head) -> int:
    """About how many bytes of memory a head takes."""
    state = len(msgspec.msgpack.encode(head.state))
    return EACH + OBJECTS * state + len(head.memory.recent) + len(head.memory.older)
