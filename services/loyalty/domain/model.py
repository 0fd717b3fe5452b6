"""What an account is. Everything is frozen; rules return a new account.

An account stays small (DECISIONS): it holds open lots only, closed deals are folded away, and what must happen only
once is remembered as 6-byte marks. What moved points, and why, is in the chain's facts, not here.
"""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.facts.loyalty import Tier
from contracts.facts.rewards import RedemptionState
from services.loyalty.domain.claims import Claim, Referral, Referred, Steps, Told
from services.loyalty.domain.marks import has_mark
from services.loyalty.domain.membership import Membership

PENDING_LOT = "deal.pending"
"""The one lot of points granted by deals but not yet paid for; it has no expiry."""

LENT = "lent"
"""The lot of points that were spent although, after a merge was undone, they were never there."""


TIERS: tuple[Tier, ...] = ("base", "silver", "gold", "platinum", "diamond")
"""From the lowest to the highest."""

LotState = Literal["PENDING", "ACTIVE", "BLOCKED", "DEPLETED", "EXPIRED", "REVERSED", "CANCELLED"]


class Balances(msgspec.Struct, frozen=True, gc=False):
    """Signed points on the accounts of the ledger; they always sum to zero. `debt` is minus what is owed."""

    program: int = 0
    pending: int = 0
    active: int = 0
    held: int = 0
    debt: int = 0
    redeemed: int = 0
    breakage: int = 0
    reversed: int = 0
    blocked: int = 0
    transferred: int = 0
    campaign: int = 0


class Lot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Points of one kind that expire together.

    granted = pending + active + held + spent + expired + reversed + blocked + transferred, always. `transferred`
    went on to another lot (pending points that were released) or to another member. `charged` is the part of `spent` and
    `transferred` that has already become debt because the reason for it fell away, less the part of `reversed` that was
    taken for what another lot lacked (policy `other_lots`), and is owed if its own reason falls away.
    """

    kind: str
    expires_at: datetime | None = None
    granted: int = 0
    pending: int = 0
    active: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    blocked: int = 0
    transferred: int = 0
    charged: int = 0

    @property
    def open(self) -> bool:
        """Whether anything can still happen to its points by itself."""
        return bool(self.pending or self.active or self.held or self.blocked)

    @property
    def state(self) -> LotState:
        """Where its points are in their life: what can still happen to them counts most, then how they ended."""
        if self.active or self.held:
            return "ACTIVE"
        if self.blocked or self.pending:
            return "BLOCKED" if self.blocked else "PENDING"
        if self.expired:
            return "EXPIRED"
        if self.reversed and not self.spent:
            return "REVERSED" if self.expires_at else "CANCELLED"
        return "DEPLETED"

    def ended(self, now: datetime) -> bool:
        """Whether its time is over at `now`."""
        return self.expires_at is not None and self.expires_at <= now


class Extra(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a campaign adds to a deal: `bonus` points and `percent` of its points. `told` is what the campaign was told last
    that it owes, by the `number`th claim, at the latest time (`claimed_at`) that the account had heard of then.
    """

    bonus: int = 0
    percent: int = 0
    told: int = 0
    claimed_at: datetime | None = None
    number: int = 0

    def points(self, earned: int) -> int:
        """What it adds to so many points."""
        return self.bonus + earned * self.percent // 100

    def tell(self, points: int, now: datetime) -> "Extra":
        """After one more claim."""
        return Extra(self.bonus, self.percent, points, max(self.claimed_at or now, now), self.number + 1)


class Deal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All facts about one deal so far, in fen (1/100 CNY), and what has been booked for it.

    `price` is the newest known by (time, id) of its fact, `priced_by`. `pending` and `parts` (lot id → points) are
    the points booked and not reversed. The facts are sums and a newest, so their order does not matter. `extras` is what
    campaigns (by their ids) add.
    """

    signed: bool = False
    project_id: str = ""
    price: int = 0
    priced_by: tuple[datetime, str] | None = None
    paid: int = 0
    cancelled: int = 0
    handed_over: bool = False
    pending: int = 0
    parts: dict[str, int] = {}
    extras: dict[str, Extra] = {}

    def shared(self, granted: int) -> tuple[int, int]:
        """Of points granted for this deal, once it is signed, those that are pending now, and those that are active."""
        if not self.signed:
            return 0, 0
        released = granted if self.handed_over else min(granted, granted * self.paid // self.price)
        left = granted - min(granted, granted * self.cancelled // self.price)
        active = min(released, left)
        return left - active, active

    @property
    def active(self) -> int:
        """Points released and not reversed."""
        return sum(self.parts.values())

    @property
    def weight(self) -> int:
        """How much room it takes in an account: what a campaign adds takes as much as the deal itself."""
        return 1 + len(self.extras)

    @property
    def settled(self) -> bool:
        """Whether all that can still change it is a change or a cancellation."""
        return self.signed and not self.pending and (self.handed_over or self.paid >= self.price)


class Hold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Points set aside until `until`: lot id → points. For the member `to`, for a piece of `reward`, or for whatever the
    caller has in mind.
    """

    until: datetime
    parts: dict[str, int]
    to: str = ""
    reward: str = ""

    @property
    def points(self) -> int:
        """How many points are set aside."""
        return sum(self.parts.values())


class Spend(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A hold that was captured `at`: lot id → points spent and not refunded yet."""

    at: datetime
    parts: dict[str, int]

    @property
    def points(self) -> int:
        """How many points can still be refunded."""
        return sum(self.parts.values())


GOING_ON: tuple[RedemptionState, ...] = ("HELD", "CONFIRMED", "FULFILLING")
"""States of a redemption out of which something has still to come."""


class Redemption(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A piece of a reward on its way to the member, in this state since `at`; its hold, and then its spend, have its id.
    `asker` is the account that asked: this one, or one that was merged into it.
    """

    reward: str
    points: int
    state: RedemptionState
    at: datetime
    asker: str


class Proposal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An adjustment that waits for a second person until `until`."""

    points: int
    reason: str
    by: str
    until: datetime


class Offer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Points that another member would give, until `until`."""

    sender: str
    points: int
    until: datetime


class CampaignPoints(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Points that a campaign granted for one deal, booked and not taken back (lot → points), as it said the `number`th time."""

    number: int = 0
    parts: dict[str, int] = {}

    @property
    def points(self) -> int:
        """Points given and not taken back."""
        return sum(self.parts.values())


class Account(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A customer's account. `qualifying` is points that count for the tier, by the month (`2028-03`) they last until.

    `once` is the sorted-by-arrival concatenation of marks: project and week of visits, surveys answered, deals folded
    away. `claims` are of who says to have referred this customer (by their facts), judged by its `steps`; `told` is what
    those referrers were told, `own` the customer's part. `referred` is only in older versions. `referrals` goes by referee,
    `spends` by hold, `campaign_points` by grant. `grace_until` says until when a tier is kept although its points are
    missing; the warnings of expiry that were due by `warned_to` were given. `household` is the one that it is in, "" for
    none; `memberships` goes by household and member.
    """

    balances: Balances = Balances()
    lots: dict[str, Lot] = {}
    deals: dict[str, Deal] = {}
    holds: dict[str, Hold] = {}
    qualifying: dict[str, int] = {}
    tier: Tier = "base"
    grace_until: datetime | None = None
    once: bytes = b""
    referred: Referred | None = None
    referrals: dict[str, Referral] = {}
    spends: dict[str, Spend] = {}
    warned_to: datetime | None = None
    proposals: dict[str, Proposal] = {}
    offers: dict[str, Offer] = {}
    redemptions: dict[str, Redemption] = {}
    campaign_points: dict[str, CampaignPoints] = {}
    claims: dict[str, Claim] = {}
    steps: Steps | None = None
    told: dict[str, Told] = {}
    own: Referral = Referral()
    household: str = ""
    memberships: dict[str, Membership] = {}

    def has_mark(self, mark: bytes) -> bool:
        """Whether `mark` is remembered."""
        return has_mark(self.once, mark)

    @property
    def owed(self) -> int:
        """Points of debt, zero or more."""
        return -self.balances.debt

    @property
    def qualifying_points(self) -> int:
        """Points that count for the tier, as of the last fact or timer."""
        return sum(self.qualifying.values())


EMPTY = Account()
