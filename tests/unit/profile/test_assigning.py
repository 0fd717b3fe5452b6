"""Whose contact it is, and what speaks against two customers being one: pure, so tried by the thousand."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.assigning import Claim, Claims, Handle, Person, gaining
from services.profile.domain.binding import Bond, Side, bonds_of, objection
from services.profile.domain.identifiers import STRENGTH
from services.profile.domain.policy import Policy, policy_from
from tests.unit.profile.test_identifiers import SHIPPED

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


def policy(**changes: Any) -> Policy:
    return policy_from(SHIPPED | changes)


def handle(name: str, type_: str = "phone", verified: bool = False) -> Handle:
    return Handle(name.encode(), type_, verified)


def claim(name: str, customer: str, type_: str = "phone", verified: bool = False) -> Claim:
    return Claim(name.encode(), customer, type_, verified)


def held(*claims: Claim) -> dict[bytes, Claim]:
    return {each.blind: each for each in claims}


def test_nobody_known_is_somebody_new_who_claims_everything() -> None:
    given_ = Claims({}, {}, policy()).assign(Person("new", (handle("p"), handle("e", "email"))))
    assert (given_.customer, given_.known) == ("new", False)
    assert [each.customer for each in given_.wanted] == ["new", "new"]


def test_the_strongest_handle_that_somebody_holds_decides() -> None:
    stored = held(claim("p", "A"), claim("e", "B", "email"))
    person = Person("new", (handle("u", "wechat_unionid"), handle("p"), handle("e", "email")))
    given_ = Claims(stored, {}, policy()).assign(person)
    assert given_.customer == "A" and given_.known
    assert [(each.blind, each.customer) for each in given_.wanted] == [(b"u", "A")]
    assert gaining([person], stored) == {"A", "B"}


def test_contacts_of_one_batch_see_each_other() -> None:
    claims = Claims({}, {}, policy())
    first = claims.assign(Person("one", (handle("p"), handle("e", "email"))))
    second = claims.assign(Person("two", (handle("e", "email"),)))
    assert first.customer == second.customer == "one" and second.known


def test_past_the_limit_the_weakest_is_not_claimed() -> None:
    narrow = policy(identifiers_per_customer=2)
    person = Person("new", (handle("u", "wechat_unionid"), handle("p"), handle("e", "email")))
    given_ = Claims({}, {}, narrow).assign(person)
    assert [each.blind for each in given_.wanted] == [b"u", b"p"]
    assert [each.blind for each in given_.used] == [b"u", b"p"]


def test_a_second_identity_number_says_that_the_phone_is_shared() -> None:
    one = policy(identifiers_per_type=SHIPPED["identifiers_per_type"] | {"id_number": 1})
    counts = {"A": Counter({"id_number": 1, "phone": 1})}
    person = Person("new", (handle("n", "id_number"), handle("p")))
    given_ = Claims(held(claim("p", "A")), counts, one).assign(person)
    assert given_.customer == "new" and not given_.known
    assert [each.blind for each in given_.used] == [b"n"]


HANDLES = st.lists(
    st.builds(handle, st.text("abcdefgh", min_size=1, max_size=1), st.just("phone"), st.booleans()),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each.blind,
)


@given(st.lists(HANDLES, min_size=1, max_size=12))
def test_once_claimed_whoever_asks_again_gets_the_same_answer(batches: list[list[Handle]]) -> None:
    stored: dict[bytes, Claim] = {}
    people = [Person(f"c{n:02}", tuple(sorted(each, key=_strength))) for n, each in enumerate(batches)]
    for person in people:
        for wanted in Claims(stored, {}, policy()).assign(person).wanted:
            stored.setdefault(wanted.blind, wanted)
    answers = [Claims(stored, {}, policy()).assign(person) for person in people]
    assert not any(answer.wanted for answer in answers)
    assert [answer.customer for answer in answers] == [stored[person.handles[0].blind].customer for person in people]
    for answer in answers:
        ends = {bond.b for bond in bonds_of(answer, stored, "/x 1", AT)} | {answer.customer}
        assert ends == {stored[each.blind].customer for each in answer.used}


def _strength(each: Handle) -> tuple[int, bytes]:
    return STRENGTH[each.type], each.blind


def side(*claims: Claim) -> Side:
    return Side(frozenset(each.customer for each in claims), claims)


A, B = side(claim("a", "A", verified=True)), side(claim("b", "B", "email", True), claim("c", "B", "external"))


def bond(*handles: str, verified: bool = False) -> Bond:
    return Bond("A", "B", "/x 1", AT, frozenset(h.encode() for h in handles), verified, b"b", "identifier")


def test_what_speaks_against_a_bond() -> None:
    assert objection(bond("x", "b"), A, B, (), 0, policy()) == "unverified"
    assert objection(bond("x", "b", verified=True), A, B, (), 0, policy()) == ""
    assert objection(bond("a", "b"), A, B, (), 0, policy()) == ""  # all of A is carried: it attaches
    assert objection(bond("a", "b"), A, B, [frozenset("AB")], 0, policy()) == "taken_apart"
    assert objection(bond("a", "b"), A, B, [frozenset("AC")], 0, policy()) == ""
    assert objection(bond("a", "b"), A, B, (), 8, policy()) == "shared_identifier"
    assert objection(bond("a", "b"), A, B, (), 0, policy(identifiers_per_customer=2)) == "too_many_identifiers"
    unproved = side(claim("b", "B", "email"), claim("c", "B", "external"))
    assert objection(bond("x", "b"), A, unproved, (), 0, policy()) == ""
