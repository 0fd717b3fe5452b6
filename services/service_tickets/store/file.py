"""The one kind of entity service_tickets has so far: a customer's file, and how lists search it."""

from typing import Any

from chassis.fold.model import Due, Kind
from chassis.service import Index
from services.service_tickets.domain.merging import correct
from services.service_tickets.domain.model import EMPTY, CaseFile
from services.service_tickets.domain.timers import next_due
from services.service_tickets.timers.due import named

INDEXES = (
    Index("case_files", (("ticket_ids", 1),)),
    Index("case_files", (("places", 1), ("_id", 1))),
    Index("case_files", (("states", 1), ("_id", 1))),
    Index("case_files", (("projects", 1), ("_id", 1))),
)
"""`places` are project and state of one ticket together, `P1 NEW`: two fields could be those of two tickets."""


def waits_for(file: CaseFile) -> Due | None:
    """What a file waits for."""
    waiting = next_due(file)
    return None if waiting is None else named(waiting)


def searched(file: CaseFile) -> dict[str, Any]:
    """The fields of the view that lists search; all are arrays."""
    tickets = file.tickets.values()
    return {
        "ticket_ids": list(file.tickets),
        "projects": sorted({ticket.project for ticket in tickets}),
        "states": sorted({ticket.state for ticket in tickets}),
        "places": sorted({f"{ticket.project} {ticket.state}" for ticket in tickets}),
    }


FILE = Kind("file", "case_files", CaseFile, lambda _customer: EMPTY, searched, waits_for, correct)
