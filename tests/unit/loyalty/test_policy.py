"""The policy file is valid, and a document that cannot be in force is refused with the field's name."""

from typing import Any

import pytest
import yaml

from services.loyalty.domain.errors import InvalidPolicy
from services.loyalty.domain.policy import policy_from
from services.loyalty.domain.statement import SENTENCES, SILENCES, explain_silence
from services.loyalty.worker.table import RULES
from tests.unit.loyalty.accounts import POLICY, POLICY_FILE

DOCUMENT: dict[str, Any] = yaml.safe_load(POLICY_FILE.read_text("utf-8"))


def test_the_file_says_what_the_domain_says() -> None:
    assert (POLICY.visit_points, POLICY.survey_points, POLICY.yuan_per_point) == (50, 20, 1000)
    assert POLICY.tiers == {"silver": 1000, "gold": 5000, "platinum": 20000, "diamond": 60000}


def test_every_number_has_a_word_about_where_it_comes_from() -> None:
    lines = POLICY_FILE.read_text("utf-8").splitlines()
    for key in DOCUMENT.keys() - {"version", "write_off_limit", "project_time_zones"}:
        place = next(number for number, line in enumerate(lines) if line.startswith(f"{key}:"))
        comment = "".join(line for line in lines[max(0, place - 3) : place] if line.startswith("#"))
        assert "(domain" in comment or "(ours" in comment, key


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"visit_points": -1}, "visit_points"),
        ({"visit_points": 50.5}, "visit_points"),
        ({"tiers": {"silver": 1000}}, "tiers"),
        ({"tiers": {**DOCUMENT["tiers"], "gold": 1000}}, "tier"),
        ({"time_zone": "Mars/Olympus"}, "zone"),
        ({"vist_points": 50}, "vist_points"),
        ({"shortfall": "forget"}, "shortfall"),
    ],
)
def test_a_wrong_number_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        policy_from({**DOCUMENT, **change})
    assert named in caught.value.detail


def test_a_missing_number_is_refused() -> None:
    with pytest.raises(InvalidPolicy, match="visit_points"):
        policy_from({key: value for key, value in DOCUMENT.items() if key != "visit_points"})


def test_every_reason_has_a_sentence() -> None:
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_every_fact_that_can_move_points_can_be_asked_why_it_did_not() -> None:
    assert SILENCES.keys() == {name for name, rule in RULES.items() if name.startswith("crm.") and not rule.tie}
    assert explain_silence("crm.visit.missed.v1") == "Facts of this kind move no points."
