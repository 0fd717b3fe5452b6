"""Whose contact is it? From what is claimed already to a customer for each contact, and the claims to make. Pure.

A claim never changes hands. A contact belongs to the customer who holds the strongest of its identifiers; where nobody
holds any, to a new one whose id the fact itself proposes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.profile.domain.policy import Policy


class Handle(NamedTuple):
    """An identifier of a contact that tells people apart, without its value."""

    blind: bytes
    type: str
    verified: bool


class Person(NamedTuple):
    """A contact of a fact: the id it gets if it is new (or has), and its handles, the strongest first."""

    proposed: str
    handles: tuple[Handle, ...]


class Claim(NamedTuple):
    """A handle that belongs to a customer."""

    blind: bytes
    customer: str
    type: str
    verified: bool


class Assigned(NamedTuple):
    """Whose a contact is; the handles that count, and the claims that are still to be made, the strongest first.

    `known`: somebody holds one of its handles already.
    """

    customer: str
    used: tuple[Handle, ...]
    wanted: tuple[Claim, ...]
    known: bool


class Claims:
    """What is claimed: as stored, and as the contacts looked at so far would add to it."""

    def __init__(self, stored: Mapping[bytes, Claim], counts: Mapping[str, Counter[str]], policy: Policy) -> None:
        self._claims = dict(stored)
        self._counts = {customer: Counter(count) for customer, count in counts.items()}
        self._policy = policy

    def assign(self, person: Person) -> Assigned:
        """Whose contact this is."""
        anchor, strangers = self._anchor(person.handles)
        customer = anchor or person.proposed
        used: list[Handle] = []
        wanted: list[Claim] = []
        for handle in person.handles:
            claim = self._claims.get(handle.blind)
            if self._claim(handle, customer, wanted) if claim is None else claim.customer not in strangers:
                used.append(handle)
        return Assigned(customer, tuple(used), tuple(wanted), anchor is not None)

    def _anchor(self, handles: Sequence[Handle]) -> tuple[str | None, set[str]]:
        """Who holds the strongest handle, and the holders that cannot be meant.

        A stronger handle that nobody holds, and that the holder may not get any more, says that it is somebody else:
        the weaker one is a shared phone.
        """
        strangers: set[str] = set()
        free: list[Handle] = []
        for handle in handles:
            claim = self._claims.get(handle.blind)
            if claim is None:
                free.append(handle)
            elif claim.customer not in strangers:
                if all(self._has_room(claim.customer, other.type) for other in free):
                    return claim.customer, strangers
                strangers.add(claim.customer)
        return None, strangers

    def _has_room(self, customer: str, type_: str) -> bool:
        return self._policy.allows_one_more(self._counts.get(customer, Counter()), type_)

    def _claim(self, handle: Handle, customer: str, wanted: list[Claim]) -> bool:
        if not self._has_room(customer, handle.type):
            return False
        claim = Claim(handle.blind, customer, handle.type, handle.verified)
        self._claims[handle.blind] = claim
        self._counts.setdefault(customer, Counter())[handle.type] += 1
        wanted.append(claim)
        return True


def gaining(persons: Iterable[Person], stored: Mapping[bytes, Claim]) -> set[str]:
    """The customers who may get more handles from these contacts: how many they have must be known."""
    gaining: set[str] = set()
    for person in persons:
        holders = {stored[handle.blind].customer for handle in person.handles if handle.blind in stored}
        if holders and any(handle.blind not in stored for handle in person.handles):
            gaining |= holders
    return gaining
