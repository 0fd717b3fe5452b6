"""The state of a household."""

from datetime import datetime

import msgspec

from services.loyalty.domain.model import Balances


class PoolLot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Points of a pool that end together."""

    points: int
    expires_at: datetime | None = None

    def ended(self, now: datetime) -> bool:
        """Whether its time is over at `now`."""
        return self.expires_at is not None and self.expires_at <= now


class Household(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Customers who share points: a head, members (the head among them), those invited and until when, and the pool by lots.

    In the `balances` of a pool `active` is what is in it, `transferred` minus what members gave and did not take, `breakage`
    what ended. `number` counts what was said of members; ends up to `expired_to` have been dealt with.
    """

    head: str = ""
    members: tuple[str, ...] = ()
    invited: dict[str, datetime] = {}
    lots: dict[str, PoolLot] = {}
    balances: Balances = Balances()
    number: int = 0
    expired_to: datetime | None = None


NO_HOUSEHOLD = Household()
