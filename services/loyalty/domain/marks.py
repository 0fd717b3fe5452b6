"""Marks: what must happen only once, remembered in six bytes each, one after another."""

from hashlib import blake2b

MARK_BYTES = 6


def mark_of(*parts: str) -> bytes:
    """A 6-byte mark; two of 10,000 marks are equal once in about six million accounts of that size."""
    return blake2b("\x1f".join(parts).encode(), digest_size=MARK_BYTES).digest()


def has_mark(marks: bytes, mark: bytes) -> bool:
    """Whether a mark is one of `marks`."""
    return _place(marks, mark) >= 0


def without_mark(marks: bytes, mark: bytes) -> bytes:
    """The marks but this one."""
    place = _place(marks, mark)
    return marks if place < 0 else marks[:place] + marks[place + MARK_BYTES :]


def _place(marks: bytes, mark: bytes) -> int:
    """Where a mark begins; the bytes may also stand across two others."""
    found = marks.find(mark)
    while found % MARK_BYTES and found > 0:
        found = marks.find(mark, found + 1)
    return found
