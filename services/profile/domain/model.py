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


class Golden(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The value that is believed of those that were said: a verified one first, then by the rank of its source, then the
    newest. `reference` is where the vault keeps it.
    """

    verified: bool
    rank: int
    mark: Mark
    reference: str


class Level(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was last heard of money, authority or need: 0 (no) to 3 (certain)."""

    mark: Mark
    level: int


class Bought(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A deal as far as the lifecycle asks: what it costs and what of it was cancelled, in fen (1/100 CNY)."""

    signed: bool = False
    handed_over: bool = False
    price: int = 0
    priced: Mark | None = None
    cancelled: int = 0

    @property
    def stands(self) -> bool:
        """Signed, and not cancelled in full."""
        return self.signed and self.cancelled < self.price


class Scores(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The newest satisfaction that service_tickets told, in the order in which it was recorded."""

    recorded_at: datetime
    as_of: datetime
    id: str
    stated: float
    stated_confidence: float
    overall: float
    overall_confidence: float


class Customer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A customer. Keys are in alphabetical order, so that equal customers are equal as bytes too.

    `kinds` goes by fact type, `totals` by what is summed (signed, paid, cancelled), `projects` by project id to the
    last fact about it; `timeline` ends with the newest. `golden` goes by field, `man` by money, authority and need.
    """

    kinds: dict[str, Kind] = {}
    totals: dict[str, Total] = {}
    projects: dict[str, Mark] = {}
    timeline: tuple[Mark, ...] = ()
    golden: dict[str, Golden] = {}
    man: dict[str, Level] = {}
    deals: dict[str, Bought] = {}
    scores: Scores | None = None
    lifecycle: str = "prospect"

    @property
    def facts(self) -> int:
        """How many facts are known."""
        return sum(kind.count for kind in self.kinds.values())


EMPTY = Customer()
