"""What all facts share."""

from typing import ClassVar

import msgspec


class FactData(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Data of a fact: frozen, unknown fields ignored, defaults not written (so an added field keeps old bytes)."""

    TYPE: ClassVar[str] = ""


class Because(msgspec.Struct, frozen=True, gc=False):
    """The fact, command or timer that made a service say something: its source, id and type."""

    source: str
    id: str
    type: str
