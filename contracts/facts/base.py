"""What all facts share."""

from typing import ClassVar

import msgspec


class FactData(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Data of a fact: frozen, unknown fields ignored, defaults not written (so an added field keeps old bytes)."""

    TYPE: ClassVar[str] = ""
