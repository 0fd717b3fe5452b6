"""The CDNOW oracle reads its file as described, and its events are facts except those of amount 0."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.errors import InvalidField
from contracts.http import decode_structured
from tests.oracles import cdnow

SAMPLE = """ customer_id  date number_of_cds  dollar_value\r
 00001 19970101  1   11.77\r
 00002 19970112  1   12.00\r
 00002 19970112  5   77.00\r
 00003 19970102  1    0.00\r
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "log.txt").write_text(SAMPLE)
    return tmp_path / "log.txt"


def test_people_get_what_their_rows_come_to(path: Path) -> None:
    people = cdnow.expected(path)
    assert sorted(people) == ["cdnow-00001", "cdnow-00002"]
    assert people["cdnow-00002"]["total"] == Decimal("89000.00")
    assert (people["cdnow-00002"]["deals"], people["cdnow-00002"]["points"]) == (2, 89)
    assert people["cdnow-00001"]["points"] == 11
    assert people["cdnow-00001"]["first"] == datetime(1997, 1, 1, 12, tzinfo=UTC)


def test_rows_are_acceptable_facts_unless_their_amount_is_zero(path: Path) -> None:
    for row in cdnow.rows(path):
        for event in cdnow.facts(row):
            body = json.dumps(event).encode()
            if row.valid:
                assert decode_structured(body, row.time).id == event["id"]
            else:
                with pytest.raises(InvalidField):
                    decode_structured(body, row.time)
