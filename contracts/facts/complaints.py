"""Complaints and requests, published by the property-management app, the call centre or a mailbox."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import About, Code, FreeTextRef, Id, PersonalRef

Severity = Literal["low", "medium", "high", "critical"]
RequestKind = Literal["repair", "enquiry", "suggestion", "assistance", "praise"]
Photos = Annotated[tuple[PersonalRef, ...], Meta(max_length=20)]


class ComplaintRaised(FactData, frozen=True):
    """The customer complains. `category` and `component` are open lists; `safety` says that somebody may be harmed.

    `case_id` is the sender's number of the case. `photos` are links, kept in the vault.
    """

    TYPE = "crm.complaint.raised.v1"

    channel: Code
    category: Code
    case_id: Id | None = None
    project_id: Id | None = None
    unit_id: Id | None = None
    component: Code | None = None
    severity: Severity | None = None
    safety: bool = False
    text: FreeTextRef | None = None
    photos: Photos = ()
    about: About | None = None
    agent_id: Id | None = None


class RequestRaised(FactData, frozen=True):
    """The customer asks for a repair (报修), for an answer, for help with a loan, transfer or papers; suggests; praises.

    The fields are those of a complaint; `category` says more about the kind (loan, papers, ...).
    """

    TYPE = "crm.request.raised.v1"

    kind: RequestKind
    channel: Code
    category: Code | None = None
    case_id: Id | None = None
    project_id: Id | None = None
    unit_id: Id | None = None
    component: Code | None = None
    severity: Severity | None = None
    safety: bool = False
    text: FreeTextRef | None = None
    photos: Photos = ()
    about: About | None = None
    agent_id: Id | None = None
