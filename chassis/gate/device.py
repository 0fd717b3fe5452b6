"""The device that a request says it comes from. What it is called is read here and goes no further: a mark stands for it."""

import hmac
import re

from chassis.errors import InvalidRequest

DEVICE = "hearth-device"
"""The header, or the metadata."""
_NAME = re.compile(r"[A-Za-z0-9._:~+/=-]{1,128}")


def device_mark(key: bytes, said: str | None) -> str:
    """What stands for a device, "" for none and for whoever has no key; raises `InvalidRequest` for what is no name."""
    if said is None or not key:
        return ""
    if not _NAME.fullmatch(said):
        raise InvalidRequest("it is 1 to 128 letters, digits, or . _ : ~ + / = -", "/header/Hearth-Device")
    return hmac.digest(key, f"device|{said}".encode(), "sha256")[:16].hex()
