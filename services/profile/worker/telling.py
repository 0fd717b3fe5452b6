"""The records that profile writes to the journal: accepted facts under their customer, and merges to both sides."""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from chassis.fold.model import Out
from contracts.envelope import encode
from contracts.fact import Fact
from contracts.facts.identity import CustomerMerged, CustomerUnmerged
from contracts.intake.convert import to_journal
from contracts.intake.people import Contact
from services.profile.domain.ids import told_id
from services.profile.store.inbox import encode_outs
from services.profile.store.links import Edge
from services.profile.worker.reading import Named

SOURCE = "/hearth/profile"

TopicOf = Callable[[str], str]
"""The name of a topic of the catalog in this namespace."""


def journal_out(event: Named, customers: Mapping[Contact, str], topic: TopicOf) -> tuple[str, bytes]:
    """The customer of an event, and its record for the journal: no contact data, only ids and references."""
    fact = event.fact
    data = to_journal(fact.data, customers.__getitem__, lambda pointer, _value: event.references[pointer])
    customer = customers[fact.data.contact]
    told = Fact(fact.source, fact.id, fact.type, customer, fact.time, fact.recorded_at, data, fact.trace)
    return customer, encode_outs([_out(told, topic)])


def merge_outs(edge: Edge, time: datetime, recorded_at: datetime, topic: TopicOf) -> bytes:
    """The two records that tell a merge."""
    data = CustomerMerged(edge.merge_id, edge.loser, edge.survivor, edge.k + 1, edge.reason or None)
    return _both(edge, "merged", data, time, recorded_at, topic)


def unmerge_outs(edge: Edge, at: datetime, topic: TopicOf) -> bytes:
    """The two records that tell that a merge is undone."""
    return _both(edge, "unmerged", CustomerUnmerged(edge.merge_id, edge.loser, edge.survivor), at, at, topic)


def _both(edge: Edge, kind: str, data: msgspec.Struct, time: datetime, recorded_at: datetime, topic: TopicOf) -> bytes:
    sides = {"merged": edge.loser, "survivor": edge.survivor}
    type_ = f"crm.customer.{kind}.v1"
    facts = [
        Fact(SOURCE, told_id(edge.merge_id, kind, side), type_, customer, time, recorded_at, data)
        for side, customer in sides.items()
    ]
    return encode_outs([_out(fact, topic) for fact in facts])


def _out(fact: Fact, topic: TopicOf) -> Out:
    record = encode(fact)
    return Out(fact.id, 0, topic(record.topic), record.key, record.value, tuple(record.headers))
