"""Events of outside systems as CloudEvents on `crm.intake.*`. The key is free; whose fact it is, resolve decides."""

from datetime import datetime

from contracts.envelope import Headers, fact_of, opened
from contracts.fact import Fact
from contracts.intake.forms import READERS

UNRESOLVED = "unresolved"
"""The subject of every fact until its customer is known. What the sender wrote there is not read: it may be a phone."""


def decode_intake(value: bytes | None, headers: Headers, recorded_at: datetime) -> Fact:
    """The fact of an outside system in its intake form (`contracts.intake`), either content mode, validated.

    `recorded_at` is when it first entered; a sender's own `recordedat` is not believed. Raises `Rejected`, and nothing
    else.
    """
    attributes, data = opened(value, headers)
    attributes.subject, attributes.recordedat = UNRESOLVED, ""
    return fact_of(attributes, data, recorded_at, READERS)
