"""A timer is a command whose id says what was due and when: it happens once."""

from datetime import datetime
from typing import get_args
from uuid import UUID, uuid5

from chassis.fold.model import Due, Key
from contracts.fact import Fact
from contracts.facts.tickets import Metric
from services.service_tickets.domain import commands

SOURCE = "/hearth/service_tickets"


def named(due: commands.Due) -> Due:
    """Due work as the chassis knows it; the name tells the clock and the ticket, for two may be due at one time."""
    return Due(f"{due.kind} {due.ticket_id}", due.due_at)


def make_due(key: Key, due: Due, now: datetime) -> Fact:
    """The fact that something became due: `time` when it was due, `recorded_at` when it fired."""
    kind, _, ticket_id = due.name.partition(" ")
    metric: Metric = next(each for each in get_args(Metric) if each == kind)
    name = str(uuid5(UUID(bytes=key.prefix()), f"due|{due.name}|{due.at.isoformat()}"))
    data = commands.Due(metric, ticket_id, due.at)
    return Fact(SOURCE, name, commands.Due.TYPE, key.id, due.at, now, data)
