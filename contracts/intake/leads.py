"""Leads, as the website, the call centre, portals and brokers send them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.facts.consent import Consents
from contracts.facts.leads import Codes, LeadChannel, Level, Needs, Outcome
from contracts.fields import Code, Id, Label, Moment
from contracts.intake.people import Contact, Intake, Text


class IntakeCampaign(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where the interest came from, in the words of the campaign (utm); `term` is what was searched."""

    source: Label | None = None
    medium: Label | None = None
    name: Label | None = None
    content: Label | None = None
    term: Text | None = None


class LeadCaptured(Intake, frozen=True):
    """Somebody showed interest in a project. `referrer` and `broker` are the people who brought them."""

    TYPE = "crm.lead.captured.v1"

    project_id: Id
    channel: LeadChannel
    campaign: IntakeCampaign | None = None
    needs: Needs | None = None
    message: Text | None = None
    consents: Consents = ()
    referrer: Contact | None = None
    broker: Contact | None = None
    agent_id: Id | None = None


class IntakeManAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How sure one is, from 0 (no) to 3 (certain), and why."""

    level: Level
    note: Text | None = None


class IntakeManAnswers(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Money, authority and need; what was not talked about is left out."""

    money: IntakeManAnswer | None = None
    authority: IntakeManAnswer | None = None
    need: IntakeManAnswer | None = None


class IntakePromise(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something promised to the customer, and by when."""

    text: Text
    due_at: Moment | None = None


class LeadContacted(Intake, frozen=True):
    """Somebody of ours contacted the customer, or tried to.

    `lead_id` where the sender knows it, else the lead is that of the contact and the project. `effective` says whether
    they talked about the matter. Signals (asks_after_sales, asks_payment_terms, compares_brands, ...) and objections
    are open lists.
    """

    TYPE = "crm.lead.contacted.v1"

    outcome: Outcome
    channel: Code
    lead_id: Id | None = None
    project_id: Id | None = None
    agent_id: Id | None = None
    effective: bool = False
    man: IntakeManAnswers | None = None
    buying_signals: Codes = ()
    objections: Codes = ()
    competitor: Code | None = None
    promises: Annotated[tuple[IntakePromise, ...], Meta(max_length=20)] = ()
    note: Text | None = None
    next_contact_at: Moment | None = None
