"""Identifiers in one form, ids that two copies make alike, and the numbers of identity."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.fact import Fact
from contracts.intake.people import Identifier
from services.profile.domain.errors import InvalidIdentifier, InvalidPolicy
from services.profile.domain.identifiers import ORDER, is_filler, normalise, normalise_value
from services.profile.domain.ids import blind_index, content_mark, mark_of, merge_id, proposed_id, told_id
from services.profile.domain.policy import policy_from

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
SHIPPED = yaml.safe_load((Path(__file__).parents[3] / "services/profile/policy/profile.yaml").read_text())


@pytest.mark.parametrize(
    ("type_", "value", "normal"),
    [
        ("phone", "13800138000", "+8613800138000"),
        ("phone", " 138 0013 8000 ", "+8613800138000"),
        ("phone", "+86 138-0013-8000", "+8613800138000"),
        ("phone", "0086 13800138000", "+8613800138000"),
        ("phone", "１３８００１３８０００", "+8613800138000"),
        ("phone", "(0571) 8788 1234", "+8657187881234"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("email", "Fang.Wang@Example.COM", "fang.wang@example.com"),
        ("email", "wang@例子.中国", "wang@xn--fsqu00a.xn--fiqs8s"),
        ("wechat_unionid", " oA-b_C ", "oA-b_C"),
        ("id_number", "11010519491231002x", "11010519491231002X"),
        ("id_number", "H123456(7)", "H123456(7)"),
        ("id_number", "9f" * 32, ("9F" * 32)),
        ("external", " K 004711", "K 004711"),
    ],
)
def test_a_value_has_one_form(type_: str, value: str, normal: str) -> None:
    assert normalise_value(type_, value) == normal
    assert normalise_value(type_, normal) == normal


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("phone", "12"),
        ("phone", "12345"),
        ("phone", "call me"),
        ("phone", "+86 138001380001380013800"),
        ("phone", "87881234"),
        ("email", "nobody"),
        ("email", "a b@example.com"),
        ("email", "a@localhost"),
        ("email", "@example.com"),
        ("email", "a@" + "x" * 300 + ".com"),
        ("id_number", "110105194912310021"),
        ("id_number", "#12"),
        ("id_number", "x" * 129),
    ],
)
def test_what_nobody_can_have_is_refused_without_being_repeated(type_: str, value: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        normalise(Identifier(type_, value))  # type: ignore[arg-type]
    assert value not in refused.value.detail and value not in str(refused.value)


@given(st.sampled_from(ORDER), st.text(min_size=1, max_size=320))
def test_any_value_is_refused_or_has_a_form_that_stays(type_: str, value: str) -> None:
    try:
        normal = normalise_value(type_, value)
    except InvalidIdentifier:
        return
    assert normalise_value(type_, normal) == normal


@given(st.integers(13_000_000_000, 19_999_999_999).map(str), st.randoms())
def test_spaces_hyphens_and_the_country_make_no_difference_to_a_mobile_phone(number: str, dice: Any) -> None:
    spread = "".join(digit + dice.choice(["", "", " ", "-"]) for digit in number)
    assert normalise_value("phone", f"+86 {spread}") == normalise_value("phone", number) == f"+86{number}"


@pytest.mark.parametrize("value", ["000 0000 0000", "+8611111111111", "0", "---", "xxxx"])
def test_fillers_are_seen(value: str) -> None:
    assert is_filler("phone", value)
    assert not is_filler("external", value)


def test_the_shipped_policy_is_valid_and_blocks_what_it_lists() -> None:
    policy = policy_from(SHIPPED)
    assert policy.blocks("email", "test@test.com") and not policy.blocks("email", "wang@test.com")
    assert policy.blocks("phone", "00000000000") and not policy.blocks("phone", "+8613800138000")


@pytest.mark.parametrize(
    "change",
    [
        {"customers_per_identifier": 0},
        {"identifiers_per_type": {"phone": 1}},
        {"blocked": {"phone": ["138 0013 8000"]}},
        {"blocked": {"fax": []}},
        {"unknown": 1},
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidPolicy):
        policy_from(SHIPPED | change)


def fact(source: str = "/web", id_: str = "1", time: datetime = AT, data: Any = None) -> Fact:
    return Fact(source, id_, "crm.x.v1", "unresolved", time, AT, data)


def test_two_copies_of_a_fact_propose_the_same_customer_and_others_another() -> None:
    made = {proposed_id(fact(), "/contact") for _ in range(3)}
    assert len(made) == 1
    others = {
        proposed_id(fact(id_="2"), "/contact"),
        proposed_id(fact(source="/x"), "/contact"),
        proposed_id(fact(), "/referrer"),
    }
    assert len(others | made) == 4


@given(st.integers(-300_000_000, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_a_customer_s_id_is_a_uuid_of_version_7_with_the_time_of_its_fact(at: datetime) -> None:
    made = UUID(proposed_id(fact(time=at), "/contact"))
    assert made.version == 7 and made.variant == "specified in RFC 4122"
    assert made.int >> 80 == max(0, int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000 // 1))


def test_marks_tell_apart_and_need_the_key() -> None:
    assert mark_of("/a", "b") != mark_of("/a\nb", "") and len(mark_of("/a", "b")) == 16
    assert (
        blind_index(b"k", "phone", "", "1")
        == blind_index(b"k", "phone", "", "1")
        != blind_index(b"x", "phone", "", "1")
    )
    assert blind_index(b"k", "external", "a", "1") != blind_index(b"k", "external", "b", "1")
    said = fact(data=Identifier("phone", "1"))
    assert content_mark(b"k", said) != content_mark(b"k", fact(data=Identifier("phone", "2")))
    assert content_mark(b"k", said) != content_mark(b"x", said)


def test_ids_of_merges_are_the_same_for_every_copy() -> None:
    merge = merge_id("b", "a", "/web 1 0")
    assert merge == merge_id("b", "a", "/web 1 0") != merge_id("b", "a", "/web 1 1")
    assert len({told_id(merge, kind, side) for kind in ("merged", "unmerged") for side in ("merged", "survivor")}) == 4
    assert re.fullmatch(r"[0-9a-f-]{36}", merge)
