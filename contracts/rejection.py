"""From a decoder's error to a `Rejected` with a stable code and a pointer, without the value that was wrong."""

import re

import msgspec

from contracts.errors import InvalidField, MissingField, NotJson, NotUtf8, Rejected, WrongType
from contracts.fields import BrokenRule

_PATH = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_WRONG = re.compile(r"Expected (`[a-z |]+`), got `[a-z |]+`")
_LENGTH = re.compile(r"Expected `[a-z |]+` (of length )?[<>=]+ [0-9.]+")


def rejection_of(error: Exception, raw: bytes, prefix: str) -> Rejected:
    """The rejection that says what `error` found in `raw`; `prefix` is the pointer of the part that was decoded."""
    if isinstance(error, UnicodeDecodeError) or not _is_utf8(raw):
        return NotUtf8("the text is not UTF-8", prefix)
    if not isinstance(error, msgspec.ValidationError):
        return NotJson("the text is not well-formed JSON", prefix)
    message = str(error)
    pointer = prefix + _pointer(message)
    if isinstance(error.__cause__, BrokenRule):
        return InvalidField(str(error.__cause__), pointer)
    return _from_message(message, pointer)


def _from_message(message: str, pointer: str) -> Rejected:
    if missing := _MISSING.match(message):
        return MissingField("a required field is missing", f"{pointer}/{missing[1]}")
    if wrong := _WRONG.match(message):
        return WrongType(f"expected {wrong[1]}", pointer)
    if "timezone" in message:
        return InvalidField("a time needs a zone", pointer)
    if limit := _LENGTH.match(message):
        return InvalidField(limit[0], pointer)
    if "matching regex" in message:
        return InvalidField("the text does not have the expected form", pointer)
    return InvalidField("the value is not one of those allowed", pointer)


def _pointer(message: str) -> str:
    found = _PATH.search(message)
    return "".join(f"/{name or index}" for name, index in _STEP.findall(found[1])) if found else ""


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
