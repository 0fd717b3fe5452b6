"""From people in events to customers: claims in two rounds, keys, and bonds where one person had several customers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from contracts.errors import Refused
from contracts.intake.customers import CustomerLinked
from contracts.intake.people import Contact
from services.profile.domain.assigning import Assigned, Claim, Claims, gaining
from services.profile.domain.binding import Bond, bonds_of
from services.profile.domain.errors import ErasedCustomer, UnknownCustomer
from services.profile.domain.ids import cause_of
from services.profile.domain.policy import Counts, Policy
from services.profile.store.claims import ClaimStore
from services.profile.store.vault import Keys, Vault
from services.profile.worker.binder import Binder
from services.profile.worker.reading import Named


class Decided(NamedTuple):
    """Who everybody is: by event (mark) and contact; the customers' keys; the events that cannot be taken in."""

    customers: dict[bytes, dict[Contact, str]]
    keys: Keys
    refused: dict[bytes, Refused]


class Decider:
    """Decides who the people in events are."""

    def __init__(self, claims: ClaimStore, vault: Vault, binder: Binder) -> None:
        self.claims, self.vault, self.binder = claims, vault, binder

    async def decide(self, events: Mapping[bytes, Named], policy: Policy, now: datetime) -> Decided:
        """Decide, and make it durable: after this the same events are decided alike, whoever asks."""
        held = await self.claims.held(_indexes(events.values()))
        given = {contact.customer_id for event in events.values() for contact in event.people if contact.customer_id}
        keys = await self.vault.keys({claim.customer for claim in held.values()} | given)
        refused = {mark: error for mark, event in events.items() if (error := _refusal(event, held, keys)) is not None}
        events = {mark: event for mark, event in events.items() if mark not in refused}
        round_ = _Round(self.claims, events, held, policy)
        await round_.claim(now)
        customers = round_.customers()
        keys |= await self.vault.new_keys(_newcomers(customers, keys), now)
        late = {mark for mark, own in customers.items() if any(keys[customer] is None for customer in own.values())}
        refused |= dict.fromkeys(late, ErasedCustomer())
        bonds = [bond for mark in events if mark not in late for bond in round_.bonds(mark)]
        await self.binder.bind_all(bonds, policy, now)
        return Decided(customers, keys, refused)


class _Round:
    """The claims of one batch."""

    def __init__(
        self, store: ClaimStore, events: Mapping[bytes, Named], held: dict[bytes, Claim], policy: Policy
    ) -> None:
        self.store, self.events, self.held, self.policy = store, events, held, policy
        self.people = [
            (mark, contact, person) for mark, event in events.items() for contact, person in event.people.items()
        ]
        self.places: dict[bytes, list[int]] = {}
        for place, (mark, _, _) in enumerate(self.people):
            self.places.setdefault(mark, []).append(place)
        self.counts: dict[str, Counts] = {}
        self.assigned: list[Assigned] = []

    async def claim(self, now: datetime) -> None:
        """First the strongest handle of everybody new, then all the others: of two who come at the same time, one
        finds the other, and does not become a second person with the weaker half of the handles.
        """
        for strongest_only in (True, False):
            while wanted := await self._wanted(strongest_only):
                lost = await self.store.make(list(wanted), list(wanted.values()), now)
                for claim in wanted:
                    if claim.blind not in lost:
                        self._note(claim)
                if not lost:
                    break
                self.held |= await self.store.held(lost)
        await self._prove()

    async def _wanted(self, strongest_only: bool) -> dict[Claim, bytes]:
        missing = gaining((person for _, _, person in self.people), self.held) - self.counts.keys()
        self.counts |= await self.store.counts(missing)
        claims = Claims(self.held, self.counts, self.policy)
        self.assigned = [claims.assign(person) for _, _, person in self.people]
        wanted: dict[Claim, bytes] = {}
        for (mark, _, _), assigned in zip(self.people, self.assigned, strict=True):
            chosen = assigned.wanted if not strongest_only else () if assigned.known else assigned.wanted[:1]
            wanted |= dict.fromkeys(chosen, mark)
        return wanted

    def _note(self, claim: Claim) -> None:
        self.held[claim.blind] = claim
        self.counts.setdefault(claim.customer, Counts())[claim.type] += 1

    async def _prove(self) -> None:
        proved = {
            handle.blind
            for assigned in self.assigned
            for handle in assigned.used
            if handle.verified and not self.held[handle.blind].verified
        }
        if proved:
            await self.store.verify(proved)
            self.held |= {index: self.held[index]._replace(verified=True) for index in proved}

    def customers(self) -> dict[bytes, dict[Contact, str]]:
        """Who everybody is."""
        found: dict[bytes, dict[Contact, str]] = {mark: {} for mark in self.events}
        for (mark, contact, _), assigned in zip(self.people, self.assigned, strict=True):
            found[mark][contact] = assigned.customer
        return found

    def bonds(self, mark: bytes) -> list[Bond]:
        """What an event says about who is one person."""
        event, own = self.events[mark], self._assigned(mark)
        cause = cause_of(event.fact)
        bonds = [bond for given in own.values() for bond in bonds_of(given, self.held, cause, event.fact.time)]
        if isinstance(event.fact.data, CustomerLinked):
            bonds.append(self._link(event, own))
        return bonds

    def _assigned(self, mark: bytes) -> dict[Contact, Assigned]:
        places = self.places[mark]
        return {self.people[place][1]: self.assigned[place] for place in places}

    def _link(self, event: Named, own: Mapping[Contact, Assigned]) -> Bond:
        data = event.fact.data
        sides = [(contact, own[contact]) for contact in (data.contact, data.same_as)]
        used = [handle for _, assigned in sides for handle in assigned.used]
        verified = all(
            contact.customer_id is not None or any(handle.verified for handle in assigned.used)
            for contact, assigned in sides
        )
        (_, a), (_, b) = sides
        handles = frozenset(handle.blind for handle in used)
        reason = data.reason or "linked"
        return Bond(a.customer, b.customer, cause_of(event.fact), event.fact.time, handles, verified, b"", reason)


def _indexes(events: Iterable[Named]) -> set[bytes]:
    return {handle.blind for event in events for person in event.people.values() for handle in person.handles}


def _newcomers(customers: Mapping[bytes, Mapping[Contact, str]], keys: Keys) -> dict[str, bytes]:
    return {customer: mark for mark, own in customers.items() for customer in own.values() if customer not in keys}


def _refusal(event: Named, held: Mapping[bytes, Claim], keys: Keys) -> Refused | None:
    """Why an event cannot be taken in: it names a customer we do not know, or a person who was erased."""
    for pointer, contact in event.pointers.items():
        given = contact.customer_id
        if given and given not in keys:
            return UnknownCustomer("no customer has this id", f"/data{pointer}/customer_id")
        holders = {held[handle.blind].customer for handle in event.people[contact].handles if handle.blind in held}
        if any(keys.get(customer, False) is None for customer in holders | ({given} if given else set())):
            return ErasedCustomer("this person was erased", f"/data{pointer}")
    return None
