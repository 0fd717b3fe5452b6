"""Generated files are up to date, and the AsyncAPI document obeys the official schema of AsyncAPI 3.1.0.

`asyncapi-3.1.0.json.gz` is that schema, from the npm package `@asyncapi/specs` 6.11.1 (Apache-2.0).
"""

import copy
import gzip
import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from contracts import catalog, generate
from contracts.asyncapi import document, to_yaml
from contracts.generate import ROOT, documents, main, stale, write

OFFICIAL = json.loads(gzip.decompress((Path(__file__).parent / "asyncapi-3.1.0.json.gz").read_bytes()))


def test_nothing_generated_is_stale() -> None:
    assert stale() == []


def test_check_names_what_is_stale_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    write(tmp_path)
    assert stale(tmp_path) == []
    (tmp_path / "docs" / "events.md").write_text("old")
    (tmp_path / "contracts" / "schemas" / "crm.gone.v1.json").write_text("{}")
    monkeypatch.setattr(generate, "stale", lambda: stale(tmp_path))
    assert main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "docs/events.md" in said and "crm.gone.v1.json" in said


def test_the_asyncapi_document_is_valid() -> None:
    published = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text("utf-8"))
    assert published == document()
    assert [error.message for error in Draft7Validator(OFFICIAL).iter_errors(published)] == []


def test_a_wrong_asyncapi_document_would_be_found() -> None:
    wrong = copy.deepcopy(document())
    wrong["channels"]["crm.journal"]["bindings"]["kafka"]["partitions"] = "many"
    assert not Draft7Validator(OFFICIAL).is_valid(wrong)


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    whole = document()
    references = set(re.findall(r'"\$ref": "(#/(?:components|channels)/[^"]+)"', json.dumps(whole)))
    for reference in references:
        node = whole
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    assert len(references) > 2 * len(catalog.TYPES)


def test_yaml_says_what_it_was_made_from() -> None:
    node = {"a b": [1, {"c": None, "d": []}, ["x: y", "签约"]], "1": True, "yes": "no", "empty": {}}
    assert yaml.safe_load(to_yaml(node)) == node


def test_the_event_reference_shows_every_type_and_topic() -> None:
    page = documents()["docs/events.md"]
    assert all(f"### {name}\n" in page for name in catalog.TYPES)
    assert all(f"`{name}`" in page for name in catalog.TOPICS)
