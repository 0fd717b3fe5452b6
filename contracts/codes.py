"""Ids of what a fact opens (a lead, a ticket), and the short codes of them that people read to each other.

The id follows from the fact alone, so it is the same whoever the fact's customer turns out to be, and whatever came
before it. The code is seven characters of Crockford's base 32 (35 bits of the id; no I, L, O, U) and one to check them.
"""

from functools import lru_cache
from uuid import UUID, uuid5

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
OPENED = UUID("5f1c6f39-3f0e-5c1b-9a57-6d1f0f3f8a42")
"""The namespace of ids of what facts open; it never changes."""

DIGITS = 7
BITS = 5 * DIGITS


@lru_cache(maxsize=16_384)
def opened_id(kind: str, source: str, fact_id: str) -> str:
    """The id of the `kind` (lead, ticket) that the fact (source, id) opens."""
    return str(uuid5(OPENED, f"{kind}|{source}|{fact_id}"))


def code_of(letter: str, id_: str) -> str:
    """The short code of an id, such as `T-7K3M-9Q2X`: letter, seven characters of the id, one that checks them.

    For people to read, not to find by: two of a million ids share a code about once in thirty tries.
    """
    number = UUID(id_).int >> (128 - BITS)
    digits = "".join(ALPHABET[(number >> shift) & 31] for shift in range(BITS - 5, -1, -5))
    whole = digits + _check(digits)
    return f"{letter}-{whole[:4]}-{whole[4:]}"


def is_code(text: str) -> bool:
    """Whether a code is written without mistake: any one wrong character, and almost any two swapped, is seen."""
    letter, _, rest = text.upper().partition("-")
    plain = rest.replace("-", "").translate(MISREAD)
    fits = len(letter) == 1 and len(plain) == DIGITS + 1 and set(plain) <= set(ALPHABET)
    return fits and _check(plain[:DIGITS]) == plain[DIGITS]


def _check(digits: str) -> str:
    """Luhn's check for base 32: every second value, from the right, is doubled, and its two digits are added."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = ALPHABET.index(digit) * (2 if position % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
