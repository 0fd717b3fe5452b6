"""Personal values as they are shown to those who may not see them whole: enough to recognise, not enough to use. Pure."""

import re
from typing import Any

CONTACT, PERSONAL, FREE_TEXT = "contact", "personal", "free_text"
FILL = "****"

FREE_TEXTS = frozenset({"/comment", "/message", "/note", "/preferences", "/text"})
"""Pointers of what somebody typed or said; `tests/unit/profile/test_masking.py` compares them with the contracts."""

WITHIN = re.compile(r"\S+@\S+|\+?\d[\d ()-]{5,}\d[\dXx]?")
"""An address, or a number long enough to be a person's, within a text."""


def class_of(pointer: str) -> str:
    """The field class of a value by its pointer in the fact: what says how to reach or name a person is `contact`, what
    somebody typed `free_text`, anything else `personal`.
    """
    if {"identifiers", "name", "contact", "referrer", "same_as"} & set(pointer.split("/")):
        return CONTACT
    return FREE_TEXT if pointer in FREE_TEXTS else PERSONAL


def mask(value: Any) -> str:
    """A value with its middle hidden: `138****5678`, `l****@example.com`, `李****`.

    Of a number the first three and last four characters are kept, of an address the first and the domain, of anything
    else the first; of what is too short for that, and of what is no text, nothing.
    """
    text = value if isinstance(value, str) else ""
    name, at, domain = text.rpartition("@")
    if at and name:
        return f"{name[0]}{FILL}@{domain}"
    digits = text.removeprefix("+86").replace(" ", "").replace("-", "")
    if digits.isascii() and digits.isalnum() and len(digits) >= 11:
        return f"{digits[:3]}{FILL}{digits[-4:]}"
    return f"{text[0]}{FILL}" if len(text) > 1 else FILL


def shown(value: Any, class_: str, how: str) -> Any:
    """A value of a class as a principal sees it: `clear`, `masked`, or (`hidden`) not at all. A masked text stays readable,
    but for the numbers and addresses in it.
    """
    if how == "masked":
        return WITHIN.sub(lambda found: mask(found[0]), str(value)) if class_ == FREE_TEXT else mask(value)
    return value if how == "clear" else None
