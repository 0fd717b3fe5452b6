"""A schema may grow by optional fields and loosen; everything else is a break, and is named."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility import SCHEMAS, breaks, breaks_of_all, load_folder, load_revision, main
from contracts.facts.deals import DealSigned
from contracts.facts.surveys import SurveyAnswered
from contracts.schema import schema_of

Schema = dict[str, Any]


def changed(change: Callable[[Schema], Any], of: Schema | None = None) -> list[str]:
    old = of or schema_of(DealSigned)
    new = copy.deepcopy(old)
    change(new)
    return breaks(old, new)


def amount(schema: Schema) -> Schema:
    return schema["$defs"]["Price"]["properties"]["amount"]


ALLOWED: dict[str, Callable[[Schema], Any]] = {
    "nothing": lambda s: None,
    "an optional field": lambda s: s["properties"].update(broker={"type": "string", "default": ""}),
    "another text": lambda s: s.update(description="…"),
    "a looser limit": lambda s: s["properties"]["buyers"].update(maxItems=50),
    "no pattern": lambda s: amount(s).pop("pattern"),
    "another value": lambda s: s["$defs"]["Price"]["properties"]["currency"]["enum"].append("HKD"),
    "no longer required": lambda s: s["required"].remove("price"),
    "a part renamed": lambda s: (
        s["$defs"].update(Cost=s["$defs"].pop("Price")),
        s["properties"]["price"].update({"$ref": "#/$defs/Cost"}),
    ),
}

BREAKING: dict[str, tuple[Callable[[Schema], Any], str]] = {
    "removed": (lambda s: s["properties"].pop("unit_id"), "$.unit_id: removed or renamed"),
    "renamed": (lambda s: s["properties"].update(flat=s["properties"].pop("unit_id")), "$.unit_id: removed or renamed"),
    "newly required": (lambda s: s["required"].append("unit_id"), "$.unit_id: is now required"),
    "retyped": (lambda s: amount(s).update(type="number"), "$.price.amount: type string became number"),
    "null no longer": (
        lambda s: s["properties"]["unit_id"]["anyOf"].pop(),
        "$.unit_id: null is no longer allowed as it was",
    ),
    "tighter limit": (lambda s: s["properties"]["buyers"].update(maxItems=2), "$.buyers: maxItems was tightened"),
    "new limit": (lambda s: s["properties"]["buyers"].update(minItems=1), "$.buyers: minItems was tightened"),
    "another pattern": (lambda s: amount(s).update(pattern="^x$"), "$.price.amount: pattern was changed"),
    "a value gone": (
        lambda s: s["$defs"]["Price"]["properties"]["currency"].update(enum=["HKD"]),
        "$.price.currency: allowed values were removed",
    ),
    "inside a list": (
        lambda s: s["properties"]["buyers"]["items"].update(type="integer"),
        "$.buyers[]: type string became integer",
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_old_senders_and_readers_do_not_notice_is_allowed(name: str) -> None:
    assert changed(ALLOWED[name]) == []


@pytest.mark.parametrize("name", BREAKING)
def test_what_they_would_notice_is_a_break(name: str) -> None:
    change, named = BREAKING[name]
    assert changed(change) == [named]


def test_choices_inside_parts_are_compared() -> None:
    def tighten(schema: Schema) -> None:
        schema["$defs"]["Answer"]["properties"]["value"]["anyOf"][0]["maximum"] = 5

    assert changed(tighten, schema_of(SurveyAnswered)) == ["$.answers[].value: integer is no longer allowed as it was"]


def test_a_removed_type_is_a_break_and_a_new_one_is_not() -> None:
    schema = schema_of(DealSigned)
    assert breaks_of_all({"a.v1": schema}, {}) == ["a.v1: removed"]
    assert breaks_of_all({}, {"a.v1": schema}) == []


def test_the_schemas_are_compatible_with_themselves() -> None:
    assert breaks_of_all(load_folder(SCHEMAS), load_folder(SCHEMAS)) == []
    assert main([str(SCHEMAS)]) == 0


def test_a_git_revision_is_compared(tmp_path: Path) -> None:
    folder = tmp_path / "contracts" / "schemas"
    (folder / "intake").mkdir(parents=True)
    (folder / "a.v1.json").write_text(json.dumps(schema_of(DealSigned)))
    (folder / "intake" / "a.v1.json").write_text(json.dumps(schema_of(SurveyAnswered)))
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "1"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    loaded = load_revision("HEAD", tmp_path)
    assert loaded == {"a.v1": schema_of(DealSigned), "intake/a.v1": schema_of(SurveyAnswered)} == load_folder(folder)


def test_a_break_ends_with_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "crm.gone.v1.json").write_text("{}")
    assert main([str(tmp_path)]) == 1
    assert "crm.gone.v1: removed" in capsys.readouterr().out
    assert main([]) == 2
