"""What a door or a timer can ask of an account. The fact's id is the command's id, its subject the account."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import Id, Moment


class HoldPoints(FactData, frozen=True):
    """Set points aside for a redemption. The hold's id is the command's id."""

    TYPE = "loyalty.hold_points.v1"

    points: Annotated[int, Meta(ge=1, le=10**12)]


class CaptureHold(FactData, frozen=True):
    """Spend what a hold set aside."""

    TYPE = "loyalty.capture_hold.v1"

    hold_id: Id


class VoidHold(FactData, frozen=True):
    """Give back what a hold set aside."""

    TYPE = "loyalty.void_hold.v1"

    hold_id: Id


class Due(FactData, frozen=True):
    """Work that has become due at `due_at`: holds run out, lots expire, the tier is looked at again."""

    TYPE = "loyalty.due.v1"

    kind: Literal["hold_timeout", "lot_expiry", "tier_review"]
    due_at: Moment


COMMANDS = (HoldPoints, CaptureHold, VoidHold, Due)
