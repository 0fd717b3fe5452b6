"""What an event says about people: each contact as a person with handles, each personal value with its owner. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from contracts.fact import Fact
from contracts.intake.convert import told_of, vault_reference
from contracts.intake.people import Contact
from services.profile.domain.assigning import Handle, Person
from services.profile.domain.errors import InvalidIdentifier
from services.profile.domain.identifiers import STRENGTH, is_filler, normalise
from services.profile.domain.ids import blind_index, mark_of, proposed_id
from services.profile.domain.policy import Policy

SUBJECT = "/contact"


class Named(NamedTuple):
    """An event and the people in it. `pointers` goes to contacts, `people` from a contact to the person, `values` from a
    pointer to something personal, `references` from a pointer to where the vault keeps that.
    """

    fact: Fact
    mark: bytes
    pointers: Mapping[str, Contact]
    people: Mapping[Contact, Person]
    values: Mapping[str, Any]
    references: Mapping[str, str]

    @property
    def subject(self) -> Contact:
        """Whom the event is about."""
        return self.pointers[SUBJECT]

    def values_of(self, customers: Mapping[Contact, str]) -> dict[str, dict[str, tuple[str, Any]]]:
        """Customer → reference → pointer and value, of everything personal in the event."""
        values: dict[str, dict[str, tuple[str, Any]]] = {}
        for pointer, value in self.values.items():
            own = values.setdefault(customers[self._owner(pointer)], {})
            own[self.references[pointer]] = (pointer, value)
        return values

    def _owner(self, pointer: str) -> Contact:
        """Whose a value is: what lies below a contact is that person's, the rest the subject's."""
        for place, contact in self.pointers.items():
            if pointer.startswith(place + "/"):
                return contact
        return self.subject


def named(fact: Fact, policy: Policy, key: bytes) -> Named:
    """The people in an event; raises `InvalidIdentifier` with a pointer. `key` is that of the blind indexes."""
    pointers, values = told_of(fact.data)
    people: dict[Contact, Person] = {}
    for pointer, contact in pointers.items():
        if contact not in people:
            own = contact.customer_id or proposed_id(fact, pointer)
            people[contact] = Person(own, _handles(contact, pointer, policy, key))
    references = {pointer: vault_reference(fact.source, fact.id, pointer) for pointer in values}
    return Named(fact, mark_of(fact.source, fact.id), pointers, people, values, references)


def _handles(contact: Contact, pointer: str, policy: Policy, key: bytes) -> tuple[Handle, ...]:
    handles: dict[bytes, Handle] = {}
    for place, identifier in enumerate(contact.identifiers):
        if is_filler(identifier.type, identifier.value):
            continue
        try:
            value = normalise(identifier)
        except InvalidIdentifier as error:
            raise InvalidIdentifier(error.detail, f"/data{pointer}/identifiers/{place}/value") from None
        if not policy.blocks(identifier.type, value):
            index = blind_index(key, identifier.type, identifier.issuer or "", value)
            proved = identifier.verified or (index in handles and handles[index].verified)
            handles[index] = Handle(index, identifier.type, proved)
    return tuple(sorted(handles.values(), key=_strength))


def _strength(handle: Handle) -> tuple[int, bool, bytes]:
    return STRENGTH[handle.type], not handle.verified, handle.blind
