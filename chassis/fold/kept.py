"""The heads that a worker keeps in memory between batches, bounded by what they weigh, whatever its number of lanes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from chassis.fold.model import Head, Key

MOST = 64 << 20
"""How many bytes all heads together may weigh; entities beyond are read from their views."""

OBJECTS, EACH = 6, 1_500
"""What objects take of what they take encoded, and what a head takes by itself (`docs/benchmarks.md`, "Memory of a worker")."""

WEIGHED = 16
"""A head is weighed when it comes, and at every so many versions."""


class Kept:
    """Heads by slot and entity; those written longest ago go first. A hint: an insert shows whether it is true.

    A lane finds only its own: with the heads of another it would call seen what the other has still to make seen.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most, self.weight = most, 0
        self.heads: OrderedDict[tuple[str, Key], Head] = OrderedDict()
        self._weights: dict[tuple[str, Key], int] = {}

    def keep(self, slot: str, heads: Iterable[Head]) -> None:
        """These are the newest now; whatever is too much goes."""
        for head in heads:
            place = slot, head.key
            self.heads[place] = head
            self.heads.move_to_end(place)
            if place not in self._weights or head.seq % WEIGHED == 0:
                weight = weight_of(head)
                self.weight += weight - self._weights.get(place, 0)
                self._weights[place] = weight
        while self.weight > self.most:
            place, _ = self.heads.popitem(last=False)
            self.weight -= self._weights.pop(place)

    def clear(self) -> None:
        """Believe nothing of it."""
        self.heads.clear()
        self._weights.clear()
        self.weight = 0


def weight_of(head: Head) -> int:
    """About how many bytes of memory a head takes."""
    state = len(msgspec.msgpack.encode(head.state))
    return EACH + OBJECTS * state + len(head.memory.recent) + len(head.memory.older)
