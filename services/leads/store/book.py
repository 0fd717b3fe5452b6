"""The one kind of entity leads has so far: a customer's book of leads, and how lists search it."""

from typing import Any

from chassis.fold.model import Kind
from chassis.service import Index
from services.leads.domain.merging import correct
from services.leads.domain.model import EMPTY, LeadBook
from services.leads.domain.pipeline import leads_of

INDEXES = (
    Index("lead_books", (("lead_ids", 1),)),
    Index("lead_books", (("places", 1), ("_id", 1))),
    Index("lead_books", (("states", 1), ("_id", 1))),
    Index("lead_books", (("projects", 1), ("_id", 1))),
)
"""`places` are project and state of one lead together, `P1 WON`: two fields could be those of two leads."""


def searched(book: LeadBook) -> dict[str, Any]:
    """The fields of the view that lists search; all are arrays."""
    leads = leads_of(book)
    return {
        "lead_ids": sorted({id_ for lead in leads for id_ in lead.ids}),
        "projects": sorted({lead.project_id for lead in leads}),
        "states": sorted({lead.state for lead in leads}),
        "places": sorted({f"{lead.project_id} {lead.state}" for lead in leads}),
    }


BOOK = Kind("book", "lead_books", LeadBook, lambda _customer: EMPTY, searched, correct=correct)
