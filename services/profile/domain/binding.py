"""Are two customers one person? What a fact says for it, and what speaks against it. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.profile.domain.assigning import Assigned, Claim
from services.profile.domain.policy import Policy


class Bond(NamedTuple):
    """Evidence that two customers are one person: the fact, all handles it carries, the handle that binds (if one does).

    `verified`: both sides of the evidence were proved. `reason` is told to everybody when it comes to a merge.
    """

    a: str
    b: str
    cause: str
    time: datetime
    handles: frozenset[bytes]
    verified: bool
    via: bytes
    reason: str


class Side(NamedTuple):
    """One of the two persons: all customers that are it, and everything they hold."""

    members: frozenset[str]
    claims: Sequence[Claim]


def bonds_of(assigned: Assigned, claims: Mapping[bytes, Claim], cause: str, time: datetime) -> list[Bond]:
    """What one contact says: everybody who holds one of its handles is the same person."""
    holders: dict[str, list[tuple[bytes, bool]]] = {}
    for handle in assigned.used:
        holders.setdefault(claims[handle.blind].customer, []).append((handle.blind, handle.verified))
    others = [customer for customer in holders if customer != assigned.customer]
    own = any(verified for _, verified in holders.get(assigned.customer, ()))
    handles = frozenset(handle.blind for handle in assigned.used)
    return [
        Bond(
            assigned.customer,
            other,
            cause,
            time,
            handles,
            own and any(verified for _, verified in holders[other]),
            holders[other][0][0],
            "identifier",
        )
        for other in others
    ]


def objection(bond: Bond, a: Side, b: Side, apart: Collection[frozenset[str]], bound: int, policy: Policy) -> str:
    """Why the two must not be joined without a person's decision; "" if nothing speaks against it.

    `apart`: pairs that somebody took apart. `bound`: how many customers the binding handle has joined before.
    """
    if any(pair & a.members and pair & b.members for pair in apart):
        return "taken_apart"
    if not policy.allows(Counter(claim.type for claim in (*a.claims, *b.claims))):
        return "too_many_identifiers"
    if bound >= policy.customers_per_identifier:
        return "shared_identifier"
    if _carried(a, bond) or _carried(b, bond) or bond.verified:
        return ""
    return "unverified" if _verified(a) and _verified(b) else ""


def _carried(side: Side, bond: Bond) -> bool:
    """Whether the fact carries everything that is known of this person: then it attaches, it does not merge."""
    return all(claim.blind in bond.handles for claim in side.claims)


def _verified(side: Side) -> bool:
    return any(claim.verified for claim in side.claims)
