"""Each of the 18 facts of outside systems: its golden example is taken in, reaches the journal, and stands in the timeline."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from contracts.intake.forms import FORMS
from tests.running import Hearth, until

EXAMPLES = sorted((Path(__file__).parents[2] / "contracts" / "examples" / "intake").glob("*.json"))


def test_there_is_an_example_of_each() -> None:
    assert {path.stem for path in EXAMPLES} == set(FORMS)
    assert len(FORMS) == 18


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_is_taken_in_and_kept(hearth: Hearth, path: Path) -> None:
    event: dict[str, Any] = json.loads(path.read_text("utf-8"))
    mark = uuid.uuid4().hex
    event |= {"source": "/golden", "id": mark, "time": "2026-03-02T01:00:00Z"}
    event["data"]["contact"] = {"identifiers": [{"type": "external", "value": mark, "issuer": "golden"}]}
    content_type = {"content-type": "application/cloudevents+json"}
    sent = hearth.http("profile", "/v1/events", body=event, headers=content_type)
    assert sent.status == 202, sent.body
    question = f"/v1/events?source=%2Fgolden&id={mark}"
    found = until(
        lambda: hearth.http("profile", question).body,
        lambda body: (
            body["journaled"] and all(place["state"] in ("applied", "not_read") for place in body["services"].values())
        ),
        "applied wherever it is read",
    )
    assert found["services"]["profile"]["state"] == "applied"
    customer = until(
        lambda: hearth.http("profile", f"/v1/customers/{found['customer_id']}").body,
        lambda body: mark in [each["id"] for each in body["timeline"]],
        "in the timeline, also when the example joins people",
    )
    assert event["type"] in customer["kinds"]
