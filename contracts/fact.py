"""A fact as rules see it, and an effect as rules return it."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Something that happened, or a command or timer treated like a fact.

    `(source, id)` identifies it for ever. `subject` is the id of the entity it belongs to (in the journal: the
    customer) and the record's key. `time` is when it happened, `recorded_at` when it entered Hearth; both are aware
    and in UTC. `data` is a frozen struct, always the newest version of its type. `trace` is its origin, the W3C
    traceparent of what set it off ("" if nobody said): no part of what it says.
    """

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    recorded_at: datetime
    data: Any
    trace: str = ""


class Effect(NamedTuple):
    """One outgoing fact of a rule.

    `name` is the effect's name inside the rule and `natural` a natural key where one rule emits several of one name:
    together with entity, cause and rule they make the outgoing id. `subject` is the key of the outgoing record; empty
    means the entity's own id.
    """

    name: str
    data: msgspec.Struct
    natural: str = ""
    subject: str = ""


def beginning(fact: Fact, trace: str) -> Fact:
    """The fact with this origin, unless it has one."""
    return fact if fact.trace or not trace else msgspec.structs.replace(fact, trace=trace)
