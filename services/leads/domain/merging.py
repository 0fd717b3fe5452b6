"""What to say when two customers turned out to be one, or not to be one after all."""

from collections.abc import Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from services.leads.domain.model import LeadBook
from services.leads.domain.telling import arrivals, departures


def correct(before: LeadBook, after: LeadBook, fact: Fact, now: datetime, policy: object) -> Sequence[Effect]:
    """The leads that stand elsewhere after a merge or un-merge, those that came with it and those that left."""
    return [*arrivals(before, after, fact), *departures(before, after, fact)]
