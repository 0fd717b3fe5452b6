"""Intake forms: every type has one, with schema and example; what is not acceptable has a code and a pointer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts import catalog
from contracts.compatibility import load_folder
from contracts.errors import Rejected
from contracts.generate import documents
from contracts.intake.convert import personal_fields
from contracts.intake.envelope import UNRESOLVED, decode_intake
from contracts.intake.forms import FORMS
from contracts.schema import field_class, schema_of
from tests.contracts.intake_records import CAPTURED, INTAKE_EXAMPLES, NOW, SHE, coming_in, intake_event
from tests.contracts.records import EXAMPLES, binary, structured
from tests.contracts.test_bad_input import SECRET, rejection

PATHS = pytest.mark.parametrize("path", INTAKE_EXAMPLES, ids=lambda path: path.stem)
SCHEMAS = EXAMPLES[0].parents[1] / "schemas" / "intake"
OF_STREAM = {"crm.progress.v1", "crm.customer.merged.v1", "crm.customer.unmerged.v1"}


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")), format_checker=FormatChecker()
    )


def test_the_eighteen_facts_of_the_journal_have_an_intake_form_example_and_schema() -> None:
    journal = {name for name, entry in catalog.TYPES.items() if entry.topic == catalog.JOURNAL} - OF_STREAM
    assert FORMS.keys() == journal and len(journal) == 18
    assert [path.stem for path in INTAKE_EXAMPLES] == sorted(FORMS) == [path.stem for path in sorted(SCHEMAS.iterdir())]
    assert {f"intake/{name}" for name in FORMS} <= load_folder(SCHEMAS.parent).keys()


def test_forms_come_in_on_the_intake_topics_and_every_one_of_these_has_one() -> None:
    intake = {name for name in catalog.TOPICS if name.startswith("crm.intake.")}
    assert {form.topic for form in FORMS.values()} == intake


@PATHS
def test_the_example_decodes_in_both_modes_and_survives_being_written(path: Path) -> None:
    of = intake_event(path.stem)
    fact = coming_in(of)
    _, value, headers = structured(of)
    assert decode_intake(value, headers, NOW) == fact
    assert (fact.type, fact.id, fact.subject, fact.recorded_at) == (path.stem, of["id"], UNRESOLVED, NOW)
    assert isinstance(fact.data, FORMS[path.stem].struct)
    written = json.loads(msgspec.json.encode(fact.data))
    assert coming_in(of | {"data": written}).data == fact.data


@PATHS
def test_the_example_obeys_its_schema_and_says_nothing_unknown(path: Path) -> None:
    data = intake_event(path.stem)["data"]
    Draft202012Validator.check_schema(validator(path.stem).schema)
    validator(path.stem).validate(data)
    assert set(data) <= set(validator(path.stem).schema["properties"])


def test_the_examples_leave_no_field_of_the_new_facts_out() -> None:
    for name in FORMS:
        if not name.startswith(("crm.visit", "crm.deal", "crm.survey")):
            given, known = set(intake_event(name)["data"]), set(schema_of(FORMS[name].struct)["properties"])
            assert known - given <= {"safety"}, name


def test_what_the_sender_says_of_subject_and_recording_is_not_read() -> None:
    of = intake_event() | {"subject": f"Mr. Wang {SECRET}", "recordedat": "2019-01-01T00:00:00Z"}
    assert coming_in(of) == coming_in(intake_event())


def open_texts(schema: dict[str, Any]) -> Iterator[str]:
    """Text fields that may hold anything and have no class."""
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            choices = [field, *field.get("anyOf", ()), field.get("items", {})]
            bound = any({"pattern", "enum", "format", "$ref"} & choice.keys() for choice in choices)
            if field_class(field) == "plain" and not bound and any(one.get("type") == "string" for one in choices):
                yield f"{schema['title']} {name}"


def test_no_text_without_a_class_is_open() -> None:
    assert not [text for form in FORMS.values() for text in open_texts(schema_of(form.struct))]
    assert list(open_texts({"title": "t", "properties": {"note": {"type": "string"}}})) == ["t note"]


def test_the_reference_tells_senders_every_form() -> None:
    page = documents()["docs/events.md"]
    assert all(f"### intake {name}\n" in page for name in FORMS)
    assert all(f"`{name}`" in page for name in catalog.PLANNED_TOPICS)


def person(**changes: Any) -> dict[str, Any]:
    return {"identifiers": [{"type": "phone", "value": SECRET} | changes]}


CONTACT = "/data/contact"
VALUE = f"{CONTACT}/identifiers/0"
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "nobody": (intake_event(contact=None), "wrong_type", CONTACT),
    "neither": (intake_event(contact={"name": SECRET}), "invalid_field", CONTACT),
    "both": (intake_event(contact=person() | {"customer_id": SHE}), "invalid_field", CONTACT),
    "no identifiers": (intake_event(contact={"identifiers": []}), "invalid_field", f"{CONTACT}/identifiers"),
    "21 identifiers": (
        intake_event(contact={"identifiers": person()["identifiers"] * 21}),
        "invalid_field",
        f"{CONTACT}/identifiers",
    ),
    "unknown type": (intake_event(contact=person(type=f"qq{SECRET}")), "invalid_field", f"{VALUE}/type"),
    "no type": (intake_event(contact={"identifiers": [{"value": SECRET}]}), "missing_field", f"{VALUE}/type"),
    "10 KB": (intake_event(contact=person(value=SECRET * 1000)), "invalid_field", f"{VALUE}/value"),
    "321 characters": (intake_event(contact=person(value="1" * 321)), "invalid_field", f"{VALUE}/value"),
    "empty": (intake_event(contact=person(value="")), "invalid_field", f"{VALUE}/value"),
    "blank": (intake_event(contact=person(value="   ")), "invalid_field", f"{VALUE}/value"),
    "two lines": (intake_event(contact=person(value=f"{SECRET}\n")), "invalid_field", f"{VALUE}/value"),
    "phone as number": (intake_event(contact=person(value=int(SECRET))), "wrong_type", f"{VALUE}/value"),
    "external without issuer": (intake_event(contact=person(type="external")), "invalid_field", VALUE),
    "phone with issuer": (intake_event(contact=person(issuer="crm")), "invalid_field", VALUE),
    "customer id that is a name": (
        intake_event(contact={"customer_id": "王 芳"}),
        "invalid_field",
        f"{CONTACT}/customer_id",
    ),
    "another person with neither": (intake_event(referrer={"name": SECRET}), "invalid_field", "/data/referrer"),
    "another person as text": (intake_event(broker=SECRET), "wrong_type", "/data/broker"),
    "a buyer with both": (
        intake_event("crm.deal.signed.v1", buyers=[person(), person() | {"customer_id": SHE}]),
        "invalid_field",
        "/data/buyers/1",
    ),
    "unknown channel": (intake_event(channel=SECRET), "invalid_field", "/data/channel"),
    "mail address as campaign": (
        intake_event(campaign={"name": f"{SECRET}@qq.example"}),
        "invalid_field",
        "/data/campaign/name",
    ),
    "budget upside down": (
        intake_event(needs={"budget": {"min": {"amount": "2"}, "max": {"amount": "1"}}}),
        "invalid_field",
        "/data/needs/budget",
    ),
    "area upside down": (intake_event(needs={"area": {"min": "90", "max": "80"}}), "invalid_field", "/data/needs/area"),
    "message too long": (intake_event(message=SECRET * 1000), "invalid_field", "/data/message"),
    "MAN of 4": (
        intake_event("crm.lead.contacted.v1", man={"need": {"level": 4, "note": SECRET}}),
        "invalid_field",
        "/data/man/need/level",
    ),
    "photo that is no link": (
        intake_event("crm.complaint.raised.v1", photos=["https://a.example/1", f"javascript:{SECRET}"]),
        "invalid_field",
        "/data/photos/1",
    ),
    "unknown kind": (intake_event("crm.request.raised.v1", kind=SECRET), "invalid_field", "/data/kind"),
    "no birthday": (
        intake_event("crm.customer.described.v1", birthday=f"1988-13-{SECRET}"),
        "invalid_field",
        "/data/birthday",
    ),
    "link of a person with himself": (
        intake_event("crm.customer.linked.v1", contact=person(), same_as=person()),
        "invalid_field",
        "/data",
    ),
    "no consents": (intake_event("crm.consent.changed.v1", consents=[]), "invalid_field", "/data/consents"),
    "time in the future": (intake_event() | {"time": "2029-01-01T00:06:00Z"}, "time_in_future", "/time"),
    "a type that is not from outside": (intake_event() | {"type": "crm.points.earned.v1"}, "unknown_type", "/type"),
    "no time": ({k: v for k, v in intake_event().items() if k != "time"}, "missing_field", "/time"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", [binary, structured])
def test_a_bad_event_is_refused_with_code_and_pointer_and_its_values_stay_unsaid(name: str, mode: Any) -> None:
    of, code, pointer = CASES[name]
    _, value, headers = mode(of)
    rejected = rejection(lambda: decode_intake(value, headers, NOW))
    assert (rejected.code, rejected.pointer) == (code, pointer)
    assert SECRET not in f"{rejected} {rejected.detail} {rejected.pointer}"
    assert rejected.__cause__ is None and (rejected.__suppress_context__ or rejected.__context__ is None)


IN_CODE_ONLY = {"budget upside down", "area upside down", "link of a person with himself"}
"""What JSON Schema cannot say."""


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2].startswith("/data")])
def test_the_schema_refuses_it_too(name: str) -> None:
    of, _, _ = CASES[name]
    assert validator(of["type"]).is_valid(of["data"]) == (name in IN_CODE_ONLY)


def test_no_value_no_json_and_too_much_are_refused() -> None:
    _, _, headers = binary(intake_event())
    for value, code in ((None, "no_data"), (b"{", "not_json"), (b"\xff", "not_utf8"), (b"x" * 65_537, "too_large")):
        assert rejection(lambda value=value: decode_intake(value, headers, NOW)).code == code


def test_null_is_as_good_as_absent() -> None:
    given = intake_event(contact=person() | {"customer_id": None, "name": None}, message=None)
    assert coming_in(given).data.message is None
    assert validator(CAPTURED).is_valid(given["data"])
    with pytest.raises(Rejected):
        coming_in(intake_event(contact={"customer_id": None}))


@PATHS
def test_a_representation_tells_nothing_personal(path: Path) -> None:
    fact = coming_in(intake_event(path.stem))
    shown = f"{fact!r} {fact.data} {fact.data.contact} {fact.data.contact.identifiers}"
    assert path.stem in shown
    assert not any(str(value) in shown for value in personal_fields(fact.data).values())
