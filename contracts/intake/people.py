"""A person as an outside system knows one: by identifiers, or by our id."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import BrokenRule, CustomerId, FreeText, Id, Personal

IdentifierType = Literal["phone", "email", "wechat_unionid", "wechat_openid", "id_number", "external"]
LINE = r"^(?=.*\S)[^\u0000-\u001f\u007f]+(?!\n)$"

Name = Annotated[str, Meta(pattern=LINE, max_length=200), Personal]
"""What somebody is called: one line of at most 200 characters."""

Words = Annotated[str, Meta(pattern=LINE, max_length=200), Personal]
"""A few words about a person: one line of at most 200 characters."""

Text = Annotated[str, Meta(min_length=1, max_length=10_000), FreeText]
"""What somebody typed or said: at most 10,000 characters."""

Link = Annotated[str, Meta(pattern=r"^https://[^\s\u0000-\u001f\u007f]+(?!\n)$", max_length=2000), Personal]
"""Where a photo lies: an https address of at most 2,000 characters."""


class Identifier(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a person is known by: `value` as the sender has it, at most 320 characters.

    `issuer` names the system that gave an external one. `verified`: the person proved to hold it (a code, a paper).
    """

    type: IdentifierType
    value: Annotated[str, Meta(pattern=LINE, max_length=320), Personal]
    verified: bool = False
    issuer: Id | None = None

    def __post_init__(self) -> None:
        """Refuse an external identifier without issuer, and an issuer of any other."""
        if (self.type == "external") != (self.issuer is not None):
            raise BrokenRule("an external identifier, and no other, needs an issuer")

    def __repr__(self) -> str:
        return f"<{self.type}>"  # never the value: a representation ends in logs and traces


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A person: either by `identifiers`, perhaps with a name, or by a `customer_id` known from us."""

    identifiers: Annotated[tuple[Identifier, ...], Meta(min_length=1, max_length=20)] = ()
    name: Name | None = None
    customer_id: CustomerId | None = None

    def __post_init__(self) -> None:
        """Refuse both, and neither."""
        if bool(self.identifiers) == (self.customer_id is not None):
            raise BrokenRule("a contact needs either identifiers or a customer_id")

    def __repr__(self) -> str:
        return f"<contact {self.customer_id or list(self.identifiers)}>"


class Intake(FactData, frozen=True, kw_only=True):
    """Common to all: whom the fact is about."""

    contact: Contact

    def __repr__(self) -> str:
        return f"<intake {self.TYPE}>"
