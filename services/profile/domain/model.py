"""What profile knows of a customer, each value with the fact that made it. Everything is frozen.

A customer is the same whatever the order of the facts: sums, sets, and first or last by `(time, source, id)`. It stays
small: the newest 50 entries of the timeline and the newest 100 projects; all facts are in the chain.
"""

from datetime import datetime

import msgspec

TIMELINE_ENTRIES = 50
PROJECTS = 100


class Mark(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """The fact that made a value; marks order by time, then source and id."""

    time: datetime
    source: str
    id: str
    type: str


class Kind(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many facts of one type there are, and the first and the last of them."""

    count: int
    first: Mark
    last: Mark


class Total(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An exact sum of money (CNY, decimal string with two decimals) and the last fact that added to it."""

    amount: str
    last: Mark


class Customer(msgspec.Struct, frozen=True, gc=False):
    """A customer. Keys are in alphabetical order, so that equal customers are equal as bytes too.

    `kinds` goes by fact type, `totals` by what is summed (signed, paid, cancelled), `projects` by project id to the
    last fact about it; `timeline` ends with the newest.
    """

    kinds: dict[str, Kind] = {}
    totals: dict[str, Total] = {}
    projects: dict[str, Mark] = {}
    timeline: tuple[Mark, ...] = ()

    @property
    def facts(self) -> int:
        """How many facts are known."""
        return sum(kind.count for kind in self.kinds.values())


EMPTY = Customer()
