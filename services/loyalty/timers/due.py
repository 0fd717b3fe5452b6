"""A timer is a command whose id says what was due and when: it happens once."""

from datetime import datetime
from uuid import UUID, uuid5

from chassis.fold.model import Due, Key
from contracts.fact import Fact
from services.loyalty.domain import commands
from services.loyalty.domain.household_commands import HouseholdDue

SOURCE = "/hearth/loyalty"


def make_due(key: Key, due: Due, now: datetime) -> Fact:
    """The fact that something became due: `time` when it was due, `recorded_at` when it fired."""
    name = str(uuid5(UUID(bytes=key.prefix()), f"due|{due.name}|{due.at.isoformat()}"))
    command = HouseholdDue if key.kind == "household" else commands.Due
    data = command(due.name, due.at)  # type: ignore[arg-type]
    return Fact(SOURCE, name, command.TYPE, key.id, due.at, now, data)
