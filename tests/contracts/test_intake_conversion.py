"""From the intake form to the journal's: the golden examples meet, and nothing personal gets through in the clear."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import envelope
from contracts.errors import Rejected
from contracts.fact import Fact
from contracts.facts.base import FactData
from contracts.fields import PersonalRef
from contracts.intake import convert
from contracts.intake.convert import contacts, personal_fields, to_journal, vault_reference
from contracts.intake.forms import FORMS
from contracts.intake.people import Intake, Name
from contracts.schema import schema_of
from tests.contracts.intake_records import CAPTURED, SHE, Vault, coming_in, customer_of, intake_event, journal_event
from tests.contracts.records import decode_binary


def converted(fact: Fact) -> FactData:
    return to_journal(fact.data, customer_of, Vault(fact))


@pytest.mark.parametrize("name", FORMS)
def test_the_intake_example_becomes_the_journal_example(name: str) -> None:
    fact = coming_in(intake_event(name))
    golden = decode_binary(journal_event(name))
    assert converted(fact) == golden.data
    assert customer_of(fact.data.contact) == golden.subject
    assert (fact.source, fact.id, fact.time) == (golden.source, golden.id, golden.time)
    assert msgspec.json.decode(msgspec.json.encode(converted(fact)), type=FORMS[name].journal) == golden.data


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(FORMS)))
def test_what_is_left_out_there_is_left_out_here(data: st.DataObject, name: str) -> None:
    """Optional members, in any combination: the conversion makes none up and loses none."""
    of, golden = intake_event(name), journal_event(name)
    required = set(schema_of(FORMS[name].struct)["required"])
    optional = sorted(of["data"].keys() - required)
    gone = data.draw(st.sets(st.sampled_from(optional))) if optional else set()
    for each in (of, golden):
        each["data"] = {member: value for member, value in each["data"].items() if member not in gone}
    assert converted(coming_in(of)) == decode_binary(golden).data


def leaves(value: Any) -> Iterator[str]:
    """The texts in plain JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)


def at(data: Any, pointer: str) -> Any:
    for step in pointer.removeprefix("/").split("/"):
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


@pytest.mark.parametrize("name", FORMS)
def test_personal_fields_are_found_where_they_are(name: str) -> None:
    of = intake_event(name)
    fact = coming_in(of)
    found = personal_fields(fact.data)
    assert {pointer: at(of["data"], pointer) for pointer in found} == found
    vault = Vault(fact)
    to_journal(fact.data, customer_of, vault)
    people = tuple(contacts(fact.data))
    assert "/contact" in people
    assert vault.kept == {pointer: value for pointer, value in found.items() if not pointer.startswith(people)}


def test_what_is_personal_in_a_lead_is_listed() -> None:
    data = coming_in(intake_event()).data
    assert sorted(personal_fields(data)) == [
        "/broker/identifiers/0/value",
        "/campaign/term",
        "/contact/identifiers/0/value",
        "/contact/name",
        "/message",
        "/referrer/identifiers/0/value",
        "/referrer/name",
    ]
    assert sorted(contacts(data)) == ["/broker", "/contact", "/referrer"]


def every_text(data: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield pointer, data
    elif isinstance(data, dict | list):
        for step, item in data.items() if isinstance(data, dict) else enumerate(data):
            yield from every_text(item, f"{pointer}/{step}")


def with_canaries(of: dict[str, Any], text: str) -> tuple[dict[str, Any], list[str]]:
    """The event with every personal text that allows it changed, and what the personal texts are now."""
    for pointer in personal_fields(coming_in(of).data):
        for below, old in list(every_text(at(of["data"], pointer), pointer)):
            changed = copy.deepcopy(of)
            parent, _, step = below.rpartition("/")
            holder = at(changed["data"], parent) if parent else changed["data"]
            canary = f"https://{text}" if old.startswith("https:") else text
            holder[int(step) if isinstance(holder, list) else step] = canary
            try:
                coming_in(changed)
            except Rejected:
                continue
            of = changed
    return of, [leaf for value in personal_fields(coming_in(of).data).values() for leaf in leaves(value)]


canaries = st.one_of(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.emails(),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=4, max_size=40),
    st.text(min_size=1, max_size=60).map(lambda text: f"CANARY{text}"),
)
UNTOLD = {"spouse", "child"}
"""Words of the vaulted values that tell nothing alone."""


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FORMS)), canaries)
def test_no_personal_text_survives_in_the_bytes_of_the_journal_form(name: str, canary: str) -> None:
    of, secrets = with_canaries(intake_event(name), canary)
    fact = coming_in(of)
    journal = converted(fact)
    texts = set(leaves(msgspec.to_builtins(journal)))
    raw = msgspec.json.encode(journal), envelope.encode_data(journal)
    for secret in set(secrets) - UNTOLD:
        assert secret not in texts
        assert all(secret.encode() not in each for each in raw), secret
    record = envelope.encode(Fact(fact.source, fact.id, fact.type, SHE, fact.time, fact.recorded_at, journal))
    assert envelope.decode(record.key, record.value, record.headers, 1).data == journal


def test_the_canaries_are_really_there() -> None:
    of, secrets = with_canaries(intake_event(), "CANARY")
    assert set(secrets) == {"CANARY"} and json.dumps(of).count("CANARY") == 7


def test_a_reference_is_the_same_for_every_copy_and_another_for_every_field() -> None:
    one = vault_reference("/website", "form-1", "/message")
    assert one == vault_reference("/website", "form-1", "/message")
    others = [("/website", "form-1", "/note"), ("/website", "form-2", "/message"), ("/web", "siteform-1", "/message")]
    assert one not in [vault_reference(*other) for other in others]
    assert msgspec.convert(one, PersonalRef) == one


def test_converting_is_pure() -> None:
    fact = coming_in(intake_event(CAPTURED))
    before = copy.deepcopy(fact)
    assert converted(fact) == converted(fact) and fact == before


class Clear(FactData, frozen=True):
    """A journal form that would keep a name in the clear."""

    name: Name


class Renamed(FactData, frozen=True):
    """A journal form that knows another field."""

    title: PersonalRef


class Given(Intake, frozen=True):
    """The intake form of both."""

    name: Name


@pytest.mark.parametrize("wanted", [Clear, Renamed])
def test_forms_that_do_not_fit_are_a_mistake(wanted: type[FactData]) -> None:
    with pytest.raises(TypeError):
        convert._between(Given, wanted)
