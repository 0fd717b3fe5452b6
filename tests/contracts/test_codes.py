"""Codes that people read to each other: made of ids, and mistakes in them are seen."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import ALPHABET, code_of, is_code, opened_id

ids = st.uuids().map(str)


def test_ids_and_codes_never_change() -> None:
    """Others keep them."""
    lead = opened_id("lead", "/website", "form-20260302-0917")
    assert (lead, code_of("L", lead)) == ("7d31cd35-8803-5ea2-b2f5-566cf86ab435", "L-FMRW-TDC7")
    assert opened_id("ticket", "/website", "form-20260302-0917") != lead


@given(ids)
def test_a_code_is_right_in_any_case_and_with_letters_taken_for_digits(id_: str) -> None:
    code = code_of("T", id_)
    assert is_code(code) and is_code(code.lower()) and is_code(code.replace("0", "O").replace("1", "l"))
    assert len(code) == len("T-7K3M-9Q2X")


@given(ids, st.sampled_from((2, 3, 4, 5, 7, 8, 9, 10)), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_seen(id_: str, place: int, other: str) -> None:
    code = code_of("T", id_)
    wrong = code[:place] + other + code[place + 1 :]
    assert is_code(wrong) == (wrong == code)


def test_two_swapped_characters_are_seen() -> None:
    code = code_of("T", str(UUID(int=0x123456789 << 92)))
    swapped = code[:2] + code[3] + code[2] + code[4:]
    assert swapped == code or not is_code(swapped)


@pytest.mark.parametrize("text", ["", "T", "T-", "T-7K3M", "TT-7K3M-9Q2X", "T-7K3M-9Q2U", "T-7K3M-9Q2XX"])
def test_what_is_no_code(text: str) -> None:
    assert not is_code(text)
