r"""The kinds of fields facts are made of. A field's class (plain, personal, free text) is part of its type.

Patterns end in `(?!\n)$` because `$` alone lets a trailing newline pass in Python; the form is valid ECMA 262 too.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

CLASS_KEY = "x-hearth-class"

Personal = Meta(extra_json_schema={CLASS_KEY: "personal"})
"""Marks a field that tells who somebody is (names, contacts, birthdays): only in the vault, never in the journal."""

FreeText = Meta(extra_json_schema={CLASS_KEY: "free_text"})
"""Marks text a person typed, which may say anything about anybody: only in the vault, never in the journal."""

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}(?!\n)$"

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
"""An opaque identifier given by some system: 1 to 64 safe characters, never a name, phone number or address."""

CustomerId = Id
"""A customer's opaque id (UUIDv7 where Hearth made it)."""

Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}(?!\n)$")]
"""A short snake_case word out of an open list, such as a channel or a reason."""

LABEL_PATTERN = r"^(?=.*\S)[^\u0000-\u001f\u007f@]{1,80}(?!\n)$"

Label = Annotated[str, Meta(pattern=LABEL_PATTERN)]
"""A short name that somebody chose from a list, such as a campaign or a district: 1 to 80 characters, no `@`."""

Moment = Annotated[datetime, Meta(tz=True)]
"""RFC 3339 with a zone; kept in UTC."""

VAULT_PATTERN = r"^vault:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\n)$"

VaultRef = Annotated[str, Meta(pattern=VAULT_PATTERN)]
"""`vault:<uuid>`: where profile keeps a personal or free-text value; the journal holds only this reference."""

PersonalRef = Annotated[VaultRef, Meta(extra_json_schema={CLASS_KEY: "personal_ref"})]
"""Reference to a personal value in the vault."""

FreeTextRef = Annotated[VaultRef, Meta(extra_json_schema={CLASS_KEY: "free_text_ref"})]
"""Reference to a free text in the vault."""

Currency = Literal["CNY"]

AMOUNT_PATTERN = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?(?!\n)$"
POSITIVE_PATTERN = r"^(?=.*[1-9])(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?(?!\n)$"


class BrokenRule(ValueError):
    """A rule between fields is broken. Senders read its text, so it names fields and limits and never a value."""


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount that is zero or more, as decimal string with at most two decimals, and its currency."""

    amount: Annotated[str, Meta(pattern=AMOUNT_PATTERN)]
    currency: Currency = "CNY"

    @property
    def decimal(self) -> Decimal:
        """The exact amount."""
        return Decimal(self.amount)


class Price(msgspec.Struct, frozen=True, gc=False):
    """An amount greater than zero, as decimal string with at most two decimals, and its currency."""

    amount: Annotated[str, Meta(pattern=POSITIVE_PATTERN)]
    currency: Currency = "CNY"

    @property
    def decimal(self) -> Decimal:
        """The exact amount."""
        return Decimal(self.amount)


Area = Annotated[str, Meta(pattern=r"^(?=.*[1-9])(0|[1-9][0-9]{0,5})(\.[0-9]{1,2})?(?!\n)$")]
"""Square metres as decimal string, greater than zero."""


class About(msgspec.Struct, frozen=True, gc=False):
    """What a fact is about: an entity of another system or service."""

    kind: Literal["visit", "deal", "ticket", "unit", "project"]
    id: Id
