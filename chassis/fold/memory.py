"""Which facts an entity already knows: part of every version, without a time limit.

Recent facts are exact 64-bit hashes keyed by the entity. When they are many they close into a filter of 32-bit hashes:
never a false "new"; a hit there is only "perhaps known" and is confirmed from the chain.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

SEGMENT = 512
"""How many exact hashes an entity keeps before they close into the filter."""


class Memory(NamedTuple):
    """The packed form kept in a version: 8 bytes per recent fact, 4 bytes per older one (sorted)."""

    recent: bytes = b""
    older: bytes = b""

    def known(self) -> set[int]:
        """The exact hashes, as a set to look up and add to."""
        return set(memoryview(self.recent).cast("Q"))

    def perhaps(self, mark: int) -> bool:
        """True if an older fact may have this hash; never False for one that was applied."""
        if not self.older:
            return False
        filter_ = memoryview(self.older).cast("I")
        short = mark & 0xFFFFFFFF
        at = bisect_left(filter_, short)
        return at < len(filter_) and filter_[at] == short

    def adding(self, marks: Iterable[int]) -> Memory:
        """The memory after these facts as well."""
        recent = self.recent + array("Q", marks).tobytes()
        if len(recent) <= 8 * SEGMENT:
            return Memory(recent, self.older)
        shorts = [mark & 0xFFFFFFFF for mark in memoryview(recent).cast("Q")]
        return Memory(b"", array("I", sorted([*memoryview(self.older).cast("I"), *shorts])).tobytes())


def fact_mark(prefix: bytes, source: str, fact_id: str) -> int:
    """The 64-bit hash of a fact's identity, keyed by its entity (`prefix`, 16 bytes)."""
    return int.from_bytes(blake2b(f"{source} {fact_id}".encode(), digest_size=8, key=prefix).digest(), "little")
