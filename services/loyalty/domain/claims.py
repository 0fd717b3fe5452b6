"""Who referred a customer, and how far it came: pure over claims and the customer's own steps, so that the order in which
they were heard does not matter.

A claim is SUBMITTED by the referrer, or comes with a lead. It is REJECTED if the customer had visited or bought before
(`existing_customer`), or while somebody else's claim protects the customer (`referred_already`). Otherwise it is ACCEPTED,
and protects for so many days; if the customer does nothing in them, it has LAPSED. The first visit, subscription or
contract within them makes it the customer's referral for good: VISITED, SUBSCRIBED, CONTRACTED, QUALIFIED once a deal is
paid in full, CLAWED_BACK when nothing is left of it. REWARDED is what the referrer's account says when it has the points.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from contracts.facts.referrals import ReferralState

MOST_CLAIMS = 20
"""Claims on one customer that are remembered, the earliest."""

STEPS: tuple[ReferralState, ...] = ("ACCEPTED", "VISITED", "SUBSCRIBED", "CONTRACTED", "QUALIFIED", "CLAWED_BACK")
"""How far a customer can come: nowhere yet, a visit, a subscription, a contract, a deal paid in full, nothing left of it."""
VISITED, SUBSCRIBED, CONTRACTED, QUALIFIED, CLAWED_BACK = range(1, 6)

OPEN: frozenset[ReferralState] = frozenset(("SUBMITTED", "ACCEPTED", "VISITED", "SUBSCRIBED", "CONTRACTED"))
"""States out of which something may still come."""


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`referrer` says to have brought this customer, at a time."""

    referrer: str
    at: datetime
    project_id: str = ""


class Steps(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The customer's earliest visit, subscription or signing, and the farthest of the three (1, 2, 3)."""

    since: datetime
    reached: int

    def and_also(self, time: datetime, reached: int) -> "Steps":
        """With one more."""
        return Steps(min(self.since, time), max(self.reached, reached))


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a referrer's account was told last: the points in all, the state and its reason, and what orders what it is told."""

    points: int = 0
    state: ReferralState | None = None
    reason: str = ""
    said_at: datetime | None = None
    number: int = 0

    def tell(self, points: int, verdict: "Verdict", now: datetime) -> "Told":
        """After it was told once more."""
        return Told(points, verdict.state, verdict.reason, max(self.said_at or now, now), self.number + 1)


class Referral(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One referral, at the referrer's account: entitled to `due` points (sum of what was said), booked and not taken back
    `parts` (lot → points); its `state` as told last, since `at`.
    """

    due: int = 0
    parts: dict[str, int] = {}
    state: ReferralState | None = None
    reason: str = ""
    at: datetime | None = None
    said_at: datetime | None = None
    number: int = 0
    project_id: str = ""

    @property
    def booked(self) -> int:
        """Points given and not taken back."""
        return sum(self.parts.values())

    @property
    def shown(self) -> ReferralState | None:
        """The state, REWARDED where the points are there."""
        return "REWARDED" if self.state == "QUALIFIED" and self.parts else self.state


class Referred(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """As accounts were kept before claims were: the earliest referrer, what was told, and the customer's own part."""

    referrer: str
    by: tuple[datetime, str]
    told: int = 0
    own: Referral = Referral()


class Verdict(NamedTuple):
    """The state of a referrer's claim, why, where it is REJECTED, and until when it protects."""

    state: ReferralState | None
    reason: str = ""
    until: datetime | None = None


class Standings(NamedTuple):
    """What has become of all claims: by referrer, and who it was, if somebody."""

    verdicts: Mapping[str, Verdict]
    referrer: str | None


def standings(claims: Mapping[str, Claim], steps: Steps | None, farthest: int, now: datetime, days: int) -> Standings:
    """Judge claims (by their facts' ids) in the order of their times. `farthest` is the place in `STEPS` that the customer
    has come to, and `days` what a claim protects.
    """
    verdicts: dict[str, Verdict] = {}
    referrer, holder, until = None, "", None
    for claim in in_order(claims):
        if claim.referrer == referrer or (until is not None and claim.at < until and claim.referrer == holder):
            continue
        refused = _refused(claim.at, steps, until)
        if refused:
            verdicts[claim.referrer] = Verdict("REJECTED", refused)
            continue
        holder, until = claim.referrer, claim.at + timedelta(days=days)
        if steps and steps.since < until:
            referrer = claim.referrer
            verdicts[referrer] = Verdict(STEPS[farthest])
        else:
            verdicts[claim.referrer] = Verdict("ACCEPTED" if now < until else "LAPSED", until=until)
    return Standings(verdicts, referrer)


def refusal(claims: Mapping[str, Claim], steps: Steps | None, claim: Claim, days: int) -> str:
    """Why a claim made now would be rejected; empty if it would not."""
    after = standings({**claims, "\uffff": claim}, steps, 0, claim.at, days).verdicts[claim.referrer]
    return after.reason if after.state == "REJECTED" else ""


def in_order(claims: Mapping[str, Claim]) -> list[Claim]:
    """By time, of one time by the ids of their facts."""
    return list(_sorted(claims).values())


def earliest(claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """As many as are remembered."""
    return dict(list(_sorted(claims).items())[:MOST_CLAIMS])


def _sorted(claims: Mapping[str, Claim]) -> dict[str, Claim]:
    return dict(sorted(claims.items(), key=lambda claim: (claim[1].at, claim[0])))


def _refused(at: datetime, steps: Steps | None, until: datetime | None) -> str:
    if steps and steps.since < at:
        return "existing_customer"
    return "referred_already" if until is not None and at < until else ""
