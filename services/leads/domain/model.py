"""What leads keeps of a customer: the facts that make leads, compactly. Which leads these are, `pipeline.py` derives.

A book is the same whatever the order of the facts: sets of facts, of each of which the newest are kept, and the first
fact of a project. Everything is frozen, keys are in order, so equal books are equal bytes.
"""

from datetime import datetime
from typing import NamedTuple

import msgspec

MOST_TOUCHES = 40
MOST_EVENTS = 100
MOST_DEAL_FACTS = 150
MOST_FIRSTS = 60
"""How much a book keeps, so that it stays below 64 KiB: the newest facts of each kind, the first of the earliest
projects. A customer with more than that keeps the leads, but shows only the newest touches."""


class Mark(NamedTuple):
    """When a fact happened and which one it is: facts order by time, then source and id."""

    time: datetime
    source: str
    id: str


class Noted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of any fact."""

    time: datetime
    source: str
    id: str

    @property
    def mark(self) -> Mark:
        """Its place among all facts."""
        return Mark(self.time, self.source, self.id)


class Touch(Noted, frozen=True, array_like=True, gc=False):
    """Interest captured: where it came in, and by which campaign."""

    project: str
    channel: str
    agent: str = ""
    campaign_source: str = ""
    medium: str = ""
    campaign: str = ""


class Event(Noted, frozen=True, array_like=True, gc=False):
    """A contact or a visit: `kind` contacted, scheduled, completed or missed.

    `lead` and `project` are what the fact named, maybe neither. `real`: the customer was spoken with, or was there.
    """

    kind: str
    project: str = ""
    lead: str = ""
    agent: str = ""
    real: bool = False


class DealFact(Noted, frozen=True, array_like=True, gc=False):
    """A fact about a deal: `kind` reserved, subscribed, signed, changed or cancelled.

    `fen` (1/100 CNY) is the price or, of a cancellation, what it takes off; -1 where the fact named none. `stage` is
    that of a cancellation.
    """

    kind: str
    deal: str
    project: str = ""
    fen: int = -1
    stage: str = ""
    agent: str = ""


class First(Noted, frozen=True, array_like=True, gc=False):
    """The earliest fact that shows interest in a project: it names the project's first lead for ever."""

    origin: str


class LeadBook(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Facts of one customer, the oldest first. `firsts` goes by project."""

    touches: tuple[Touch, ...] = ()
    events: tuple[Event, ...] = ()
    deals: tuple[DealFact, ...] = ()
    firsts: dict[str, First] = {}


EMPTY = LeadBook()
