"""What is shown to those who may not see all: by class, and never enough to call somebody."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.intake.forms import FORMS
from contracts.schema import field_class, schema_of
from services.profile.domain.masking import CONTACT, FREE_TEXT, FREE_TEXTS, PERSONAL, class_of, mask, shown


def fields(class_: str) -> set[str]:
    """The pointers of fields of a class, over all forms that outsiders send."""
    schemas = [schema_of(form.struct, "intake") for form in FORMS.values()]
    return {
        f"/{name}" for schema in schemas for name, field in schema["properties"].items() if field_class(field) == class_
    }


def test_free_text_is_what_the_contracts_call_so_and_nothing_else() -> None:
    assert fields("free_text") == FREE_TEXTS
    assert not fields("personal") & FREE_TEXTS
    assert {class_of(pointer) for pointer in fields("personal") - {"/name"}} == {PERSONAL}


@pytest.mark.parametrize(
    ("pointer", "class_"),
    [
        ("/contact/identifiers/0/value", CONTACT),
        ("/contact/name", CONTACT),
        ("/buyers/1/identifiers/0/value", CONTACT),
        ("/text", FREE_TEXT),
        ("/birthday", PERSONAL),
        ("/photos/0", PERSONAL),
        ("/family", PERSONAL),
        ("/something/new", PERSONAL),
    ],
)
def test_classes(pointer: str, class_: str) -> None:
    assert class_of(pointer) == class_


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("13812345678", "138****5678"),
        ("+86 138 1234 5678", "138****5678"),
        ("11010519491231002X", "110****002X"),
        ("li.wei@example.com", "l****@example.com"),
        ("\u674e\u82b3", "\u674e****"),
        ("1990-05-01", "1****"),
        ("\u674e", "****"),
        ("", "****"),
        ([{"name": "x"}], "****"),
    ],
)
def test_masked(value: object, seen: str) -> None:
    assert mask(value) == seen


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=20), st.text(max_size=20))
def test_no_number_survives_in_a_masked_text(number: str, before: str, after: str) -> None:
    for written in (number, f"{number[:3]} {number[3:7]} {number[7:]}", f"+86{number}"):
        seen = shown(f"{before} {written} {after}", FREE_TEXT, "masked")
        assert number not in re.sub(r"[ ()-]", "", seen)


def test_a_masked_text_stays_readable() -> None:
    said = "the roof leaks, call 138 0013 8000 or li@example.com before 6 pm"
    assert shown(said, FREE_TEXT, "masked") == "the roof leaks, call 138****8000 or l****@example.com before 6 pm"
    assert shown(said, FREE_TEXT, "clear") == said
    assert shown(said, FREE_TEXT, "hidden") is None
    assert shown("1990-05-01", PERSONAL, "masked") == "1****"
