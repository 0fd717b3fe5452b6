"""What to say when two customers turned out to be one, or not to be one after all."""

from collections.abc import Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from services.service_tickets.domain.model import CaseFile
from services.service_tickets.domain.policy import Policy
from services.service_tickets.domain.telling import told


def correct(before: CaseFile, after: CaseFile, fact: Fact, now: datetime, policy: Policy) -> Sequence[Effect]:
    """The satisfaction where it changed, and clocks that stand otherwise.

    Tickets that came along were told of as they were opened, under the customer they had then.
    """
    return told(before, after, fact, policy)
