"""Consent to be written to or called, per purpose and channel."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import Code, Id, Moment


class Consent(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One answer: granted or withdrawn for a purpose (marketing, service, profiling, sharing, ...).

    `channels` are the means it is about (sms, call, wechat, email, post, ...); none named means all of them. A consent
    that was granted ends at `expires_at`, if one is given.
    """

    purpose: Code
    state: Literal["granted", "withdrawn"]
    channels: Annotated[tuple[Code, ...], Meta(max_length=20)] = ()
    expires_at: Moment | None = None


Consents = Annotated[tuple[Consent, ...], Meta(max_length=50)]


class ConsentChanged(FactData, frozen=True):
    """The customer granted or withdrew consent. `notice_id` is the privacy notice shown, `channel` where it was said."""

    TYPE = "crm.consent.changed.v1"

    consents: Annotated[tuple[Consent, ...], Meta(min_length=1, max_length=50)]
    channel: Code | None = None
    notice_id: Id | None = None
    agent_id: Id | None = None
