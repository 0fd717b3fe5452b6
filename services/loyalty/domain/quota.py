"""How much of a limit on spending was used on a day. One quota for each household, agent or device that has a limit."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import Id

Scope = Literal["household", "agent", "device"]
"""Whose limit it is. An agent is who asks at a door, and is not the member."""

SCOPES: tuple[Scope, ...] = ("household", "agent", "device")

Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$")]
"""A day in the company's time zone, as `2026-03-01`."""


class TakeQuota(FactData, frozen=True):
    """Count points that a command would set aside, once for each command, however many attempts there are at it.

    Its subject is the quota, its id that of the attempt.
    """

    TYPE = "loyalty.take_quota.v1"

    command_id: Id
    points: Annotated[int, Meta(ge=1, le=10**12)]
    scope: Scope


class ReturnQuota(FactData, frozen=True):
    """An attempt at a command, for which points were counted on this day, was refused by the account."""

    TYPE = "loyalty.return_quota.v1"

    command_id: Id
    points: Annotated[int, Meta(ge=1, le=10**12)]
    day: Day


class Share(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Points counted for a command, and how many attempts at it may succeed, or have."""

    points: int
    attempts: int


class Quota(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Points `used` on a `day` (in the company's time zone; "" before the first). `shares` are the newest commands among
    them, by id and points, so that one that is repeated counts once and one that was refused comes back.
    """

    day: str = ""
    used: int = 0
    shares: dict[str, Share] = {}


NO_QUOTA = Quota()
