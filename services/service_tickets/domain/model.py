"""What service_tickets keeps of a customer: tickets with their clocks, and what was observed of the satisfaction.

A file is the same whatever the order of the facts from outside: tickets are independent of each other, observations a
set. Everything is frozen, keys are in order, so equal files are equal bytes. It stays below 64 KiB: open tickets in
full up to a limit, the 40 resolved last, the newest answers; what a forgotten ticket meant for the satisfaction stays.
"""

from datetime import datetime

import msgspec

from contracts.codes import code_of, opened_id
from contracts.facts.tickets import Metric, TicketState

MOST_OPEN = 80
MOST_RESOLVED = 40
MOST_ANSWERS = 200
MOST_PAST = 100

METRICS: tuple[Metric, ...] = ("first_response", "resolution")


class Clock(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What is promised for `due_at` (None: nothing is). `met_at`: when it happened; `fired`: the time came before it.

    RUNNING until met (MET, in time) or past (BREACHED, and MET_LATE when it happens at last).
    """

    due_at: datetime | None = None
    met_at: datetime | None = None
    fired: bool = False

    @property
    def breached(self) -> bool:
        """Whether the promise was broken, as far as is known."""
        if self.due_at is None:
            return False
        return self.fired if self.met_at is None else self.met_at > self.due_at

    @property
    def state(self) -> str:
        """INACTIVE, RUNNING, BREACHED, MET or MET_LATE."""
        if self.due_at is None:
            return "INACTIVE"
        if self.met_at is None:
            return "BREACHED" if self.fired else "RUNNING"
        return "MET_LATE" if self.breached else "MET"


class Ticket(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A complaint or request. `time`, `source` and `id` are those of the fact that raised it; "" = not said.

    `first_response` is met by the first answer, `resolution` when the matter is settled.
    """

    time: datetime
    source: str
    id: str
    kind: str
    first_response: Clock = Clock()
    resolution: Clock = Clock()
    case_id: str = ""
    about: tuple[str, str] = ("", "")
    project: str = ""
    category: str = ""
    severity: str = ""
    safety: bool = False
    agent: str = ""
    outcome: str = ""

    @property
    def ticket_id(self) -> str:
        """The id, made of the raising fact alone."""
        return opened_id("ticket", self.source, self.id)

    @property
    def code(self) -> str:
        """The ticket's name for people."""
        return code_of("T", self.ticket_id)

    @property
    def state(self) -> TicketState:
        """NEW until answered, IN_PROGRESS until RESOLVED."""
        if self.resolution.met_at is not None:
            return "RESOLVED"
        return "NEW" if self.first_response.met_at is None else "IN_PROGRESS"

    def clock(self, metric: Metric) -> Clock:
        """The clock of a metric."""
        return self.first_response if metric == "first_response" else self.resolution


class Observation(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """Something that tells how satisfied the customer was at a time: an answer, with its `x` (0 to 100), or an event.

    `kind`: answer, complaint_raised, clock_breached, resolved_in_time or praise. `source` and `id` are the fact's, of an
    event those of the fact that raised its ticket. `stage` is that of a survey.
    """

    time: datetime
    id: str
    source: str
    kind: str
    x: float = -1.0
    stage: str = ""


class CaseFile(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Tickets by id; `answers` of surveys and `past` (observations of forgotten tickets), the oldest first."""

    tickets: dict[str, Ticket] = {}
    answers: tuple[Observation, ...] = ()
    past: tuple[Observation, ...] = ()


EMPTY = CaseFile()
