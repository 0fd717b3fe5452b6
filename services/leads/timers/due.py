"""Leads wait for nothing yet: no timer exists."""

from datetime import datetime

from chassis.fold.model import Due, Key
from contracts.fact import Fact

SOURCE = "/hearth/leads"


def make_due(key: Key, due: Due, now: datetime) -> Fact:
    """No book ever waits for anything."""
    raise NotImplementedError(f"no timer of kind {due.name} exists for {key.kind}")
