"""The table in docs/benchmarks.md."""

import json

import pytest

from benchmarks import table
from benchmarks.figures import GROUPS
from benchmarks.results import by_plot

MACHINE = {"cpu": "C", "cores": 2, "memory_gib": 24, "python": "3.11", "broker": "Kafka 4"}
RESULT = {
    "name": "refold",
    "value": 23456.7,
    "unit": "facts/s",
    "runs": [20000.0, 23456.7, 30000.0],
    "spread": [20000.0, 30000.0],
    "against": {"hot_key": 1.2345},
    "date": "2026-11-22",
    "machine": MACHINE,
}


def test_every_figure_is_said_in_a_phrase() -> None:
    assert {name for group in GROUPS for step in group.steps for name in step.names} == set(table.SAYS)


def test_a_row_has_median_spread_runs_and_ratios() -> None:
    assert table.row(RESULT) == (
        "| `refold`: every customer again from the stored facts, equal byte for byte "
        "| 23,500 facts/s | 20,000 - 30,000 | 3 | **1.23** x `hot_key` |"
    )


@pytest.mark.parametrize(
    ("value", "text"), [(923752.2, "924,000"), (100.4, "100"), (99.96, "100"), (4.5678, "4.57"), (0.02, "0.02")]
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert table.shown(value) == text


def test_every_day_and_machine_is_told_once() -> None:
    other = {**RESULT, "name": "hot_key", "date": "2026-11-23"}
    assert table.measured([RESULT, {**RESULT, "name": "rss_api"}, other]) == [
        "Measured on:",
        "",
        "- 2026-11-22, C, 2 cores, 24 GiB, python 3.11, Kafka 4: `refold`, `rss_api`.",
        "- 2026-11-23, C, 2 cores, 24 GiB, python 3.11, Kafka 4: `hot_key`.",
    ]


def test_only_what_is_between_the_markers_changes() -> None:
    page = f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n"
    assert table.placed(page, "new") == f"before\n{table.BEGIN}\n\nnew\n\n{table.END}\nafter\n"
    with pytest.raises(ValueError):
        table.placed("no markers", "new")


def test_the_page_has_the_table_of_the_results() -> None:
    page = table.PAGE.read_text()
    results = json.loads(table.RESULTS.read_text())
    assert page == table.placed(page, table.table(results)), "run `make bench-page`"
    assert {each.name for each in (table.PAGE.parent / "benchmarks").iterdir()} == set(by_plot(results))


def test_a_picture_has_the_figures_of_a_group_with_one_unit() -> None:
    results = [{"group": "J1: x", "unit": "facts/s"}, {"group": "J1: x", "unit": "ms"}]
    assert list(by_plot(results)) == ["j1-x-facts-s.png", "j1-x-ms.png"]
