"""From the intake form of a fact to its journal form, driven by the classes of the fields. Pure.

A personal or free-text value becomes its reference in the vault, a contact the id of its customer, everything else
stays as it is. Nothing here knows a single type of fact: the two structs are compared field by field, once.
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha1
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec
from msgspec import inspect

from contracts.facts.base import FactData
from contracts.fields import CLASS_KEY
from contracts.intake.forms import FORMS
from contracts.intake.people import Contact, Intake
from contracts.upcast import type_of

VAULT = UUID("8f1d5a52-6c0b-5d0e-9f57-0c5a6f1be3a4")

CustomerOf = Callable[[Contact], str]
"""The customer id of a contact."""

Vault = Callable[[str, Any], str]
"""Pointer and value (text, or plain JSON) of a field → its reference."""


class Hands(NamedTuple):
    """What a conversion needs of the outside."""

    customer_of: CustomerOf
    vault: Vault


Converter = Callable[[Any, str, Hands], Any]
Walk = Callable[[Any, str, dict[str, Contact], dict[str, Any]], None]


def to_journal(event: Intake, customer_of: CustomerOf, vault: Vault) -> FactData:
    """The journal form of an intake struct; whom it is about (`contact`) becomes the record's key and is not in it.

    `vault` gets a pointer into the data (`/photos/0`). `TypeError` if the two forms do not fit each other.
    """
    form = FORMS[type_of(type(event))]
    return _between(form.struct, form.journal)(event, "", Hands(customer_of, vault))


def personal_fields(event: Intake) -> dict[str, Any]:
    """Pointer → value (text, or plain JSON) of everything personal or free text, that of contacts included.

    Whose it is, the pointer tells: what lies below a contact of `contacts` is that person's, the rest the subject's.
    """
    return told_of(event)[1]


def contacts(event: Intake) -> dict[str, Contact]:
    """Pointer → person, of everybody the event names; `/contact` is the one it is about."""
    return told_of(event)[0]


def told_of(event: Intake) -> tuple[dict[str, Contact], dict[str, Any]]:
    """`contacts` and `personal_fields` of an event, found together."""
    people: dict[str, Contact] = {}
    values: dict[str, Any] = {}
    _through(type(event))(event, "", people, values)
    return people, values


def vault_reference(source: str, fact_id: str, pointer: str) -> str:
    """Where the vault keeps a field of a fact: the same for every copy of the fact, and made of no personal value."""
    digest = bytearray(sha1(VAULT.bytes + f"{source}\n{fact_id}\n{pointer}".encode(), usedforsecurity=False).digest())
    digest[6], digest[8] = digest[6] & 0x0F | 0x50, digest[8] & 0x3F | 0x80  # a UUID of version 5, without the objects
    text = digest.hex()
    return f"vault:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


@cache
def _between(given: type[msgspec.Struct], wanted: type[msgspec.Struct]) -> Converter:
    """How the struct `given` becomes the struct `wanted`."""
    sources, targets = _fields(given), _fields(wanted)
    if sources.keys() - {"contact"} != targets.keys():
        raise TypeError(f"{given.__name__} and {wanted.__name__} have different fields")
    converters = {name: _converter(sources[name], target) for name, target in targets.items()}

    def convert(value: Any, pointer: str, hands: Hands) -> Any:
        parts = {name: getattr(value, name) for name in converters}
        return wanted(
            **{
                name: None if part is None else converters[name](part, f"{pointer}/{name}", hands)
                for name, part in parts.items()
            }
        )

    return convert


def _converter(given: inspect.Type, wanted: inspect.Type) -> Converter:
    """How a value of one field becomes the value of the other."""
    given, wanted = _present(given), _present(wanted)
    if _class_of(given) and _class_of(wanted) == f"{_class_of(given)}_ref":
        return _into_the_vault
    if given == wanted and not _class_of(given):
        return _as_it_is
    if isinstance(given, inspect.StructType) and given.cls is Contact and isinstance(wanted, inspect.StrType):
        return _to_customer
    if isinstance(given, inspect.VarTupleType) and isinstance(wanted, inspect.VarTupleType):
        return _each(_converter(given.item_type, wanted.item_type))
    if isinstance(given, inspect.StructType) and isinstance(wanted, inspect.StructType):
        return _between(given.cls, wanted.cls)
    raise TypeError(f"{given} does not become {wanted}")


def _as_it_is(value: Any, pointer: str, hands: Hands) -> Any:
    return value


def _into_the_vault(value: Any, pointer: str, hands: Hands) -> str:
    return hands.vault(pointer, _plain(value))


def _to_customer(value: Contact, pointer: str, hands: Hands) -> str:
    return hands.customer_of(value)


def _each(converter: Converter) -> Converter:
    def convert(values: tuple[Any, ...], pointer: str, hands: Hands) -> tuple[Any, ...]:
        return tuple(converter(value, f"{pointer}/{place}", hands) for place, value in enumerate(values))

    return convert


@cache
def _through(struct: type[msgspec.Struct]) -> Walk:
    """Goes through a struct, looking only into fields that can hold something personal or a contact: there are few."""
    parts = [
        (name, f"/{name}", _into(_present(field))) for name, field in _fields(struct).items() if _tells(_present(field))
    ]

    def walk(value: Any, pointer: str, people: dict[str, Contact], values: dict[str, Any]) -> None:
        for name, step, inner in parts:
            member = getattr(value, name)
            if member is not None:
                inner(member, pointer + step, people, values)

    return walk


def _into(of: inspect.Type) -> Walk:
    """What is done with a value of this type; a contact comes before what is in it."""
    if _class_of(of):
        return _keep
    if isinstance(of, inspect.VarTupleType):
        return _into_each(_into(_present(of.item_type)))
    assert isinstance(of, inspect.StructType)
    inner = _through(of.cls)
    return _into_contact(inner) if of.cls is Contact else inner


def _keep(value: Any, pointer: str, people: dict[str, Contact], values: dict[str, Any]) -> None:
    values[pointer] = _plain(value)


def _into_each(inner: Walk) -> Walk:
    def walk(value: Any, pointer: str, people: dict[str, Contact], values: dict[str, Any]) -> None:
        for place, item in enumerate(value):
            inner(item, f"{pointer}/{place}", people, values)

    return walk


def _into_contact(inner: Walk) -> Walk:
    def walk(value: Any, pointer: str, people: dict[str, Contact], values: dict[str, Any]) -> None:
        people[pointer] = value
        inner(value, pointer, people, values)

    return walk


def _tells(of: inspect.Type) -> bool:
    if isinstance(of, inspect.VarTupleType):
        return _tells(_present(of.item_type))
    if isinstance(of, inspect.StructType):
        return of.cls is Contact or any(_tells(_present(field)) for field in _fields(of.cls).values())
    return bool(_class_of(of))


def _plain(value: Any) -> Any:
    """A personal value as text or plain JSON, as the vault keeps it."""
    return value if isinstance(value, str) else msgspec.json.decode(msgspec.json.encode(value))


@cache
def _fields(struct: type[msgspec.Struct]) -> dict[str, inspect.Type]:
    info = cast(inspect.StructType, inspect.type_info(struct))
    return {field.name: field.type for field in info.fields}


def _present(of: inspect.Type) -> inspect.Type:
    """The type of a field that is there: without `| None`, if it is optional."""
    if isinstance(of, inspect.UnionType):
        choices = [choice for choice in of.types if not isinstance(choice, inspect.NoneType)]
        return choices[0] if len(choices) == 1 else of
    return of


def _class_of(of: inspect.Type) -> str:
    """The class of a field that is not plain; empty for a plain one."""
    extra = of.extra_json_schema if isinstance(of, inspect.Metadata) else None
    return (extra or {}).get(CLASS_KEY, "")
