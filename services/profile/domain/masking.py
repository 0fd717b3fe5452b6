"""Personal values as they are shown to those who may not see them whole: enough to recognise, not enough to use. Pure."""

from typing import Any

CONTACT, FREE_TEXT = "contact", "free_text"
FILL = "****"


def class_of(pointer: str) -> str:
    """The field class of a value by its pointer in the fact: what says how to reach or name a person is `contact`."""
    parts = pointer.split("/")
    return CONTACT if {"identifiers", "name", "contact", "referrer", "same_as"} & set(parts) else FREE_TEXT


def mask(value: Any) -> str:
    """A value with its middle hidden: `138****5678`, `l****@example.com`, `李****`.

    Of a number the first three and last four characters are kept, of an address the first and the domain, of anything
    else the first; of what is too short for that, nothing.
    """
    text = value if isinstance(value, str) else ""
    name, at, domain = text.rpartition("@")
    if at and name:
        return f"{name[0]}{FILL}@{domain}"
    digits = text.removeprefix("+86").replace(" ", "").replace("-", "")
    if digits.isascii() and digits.isalnum() and len(digits) >= 11:
        return f"{digits[:3]}{FILL}{digits[-4:]}"
    return f"{text[0]}{FILL}" if len(text) > 1 else FILL


def shown(value: Any, how: str) -> Any:
    """A value as a principal sees it: `clear`, `masked`, or (`hidden`) not at all."""
    return value if how == "clear" else mask(value) if how == "masked" else None
