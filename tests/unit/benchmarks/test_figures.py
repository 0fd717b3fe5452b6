"""Which figures there are, what `--only` takes, and what several rounds come to."""

import ast
import importlib.util
from pathlib import Path

import pytest

from benchmarks import against, results
from benchmarks.__main__ import taken
from benchmarks.figures import GROUPS, Figure, Group, Step, chosen
from benchmarks.machine import gibibytes

STEPS = [step for group in GROUPS for step in group.steps]
NAMES = [name for step in STEPS for name in step.names]
PEERS = Path(against.__file__).parent / "peers"


def names(groups: list[Group]) -> list[str]:
    return [name for group in groups for step in group.steps for name in step.names]


def test_names_are_unique_and_what_is_compared_exists_in_the_same_group() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for group in GROUPS:
        there = {name for step in group.steps for name in step.names}
        assert {other for step in group.steps for each in step.figures for other in each.against} <= there


def test_every_step_is_a_module_and_needs_what_runs_before_it() -> None:
    for number, step in enumerate(STEPS):
        assert importlib.util.find_spec(f"benchmarks.{step.module}")
        assert not step.needs or step.needs in [name for before in STEPS[:number] for name in before.names]


def test_only_takes_names_patterns_and_what_they_need() -> None:
    assert names(chosen(GROUPS, ["durable_quix"], quick=True)) == ["durable_quix"]
    assert names(chosen(GROUPS, ["latency_p50_100"], quick=False)) == ["latency_p50_100", "latency_p99_100"]
    assert names(chosen(GROUPS, ["floor_*_j2"], quick=False)) == [
        "journal_to_profile_j2",
        "floor_journal_to_profile_j2",
    ]
    assert chosen(GROUPS, ["nonsense"], quick=False) == []
    assert names(chosen(GROUPS, [], quick=False)) == NAMES


def test_a_quick_look_needs_no_peer() -> None:
    assert all(step.module != "against" for group in chosen(GROUPS, [], quick=True) for step in group.steps)


def test_a_result_is_the_median_with_its_spread_and_ratios_round_by_round() -> None:
    rounds = [{"a": 100.0, "b": 50.0}, {"a": 300.0, "b": 100.0}, {"a": 200.0}]
    assert results.result("a", "facts/s", "g", rounds, ("b", "c")) == {
        "name": "a",
        "group": "g",
        "value": 200.0,
        "unit": "facts/s",
        "runs": [100.0, 300.0, 200.0],
        "spread": [100.0, 300.0],
        "against": {"b": 2.5},
    }
    assert results.result("c", "facts/s", "g", rounds) is None


def test_new_results_replace_those_of_the_same_name_only() -> None:
    old = [{"name": "b", "value": 1}, {"name": "gone", "value": 1}, {"name": "a", "value": 1}]
    assert results.merged(old, [{"name": "b", "value": 2}], ["a", "b"]) == [
        {"name": "a", "value": 1},
        {"name": "b", "value": 2},
        {"name": "gone", "value": 1},
    ]


def test_values_are_in_the_unit_of_the_figure() -> None:
    step = Step("x", (), (Figure("latency", "p50", "ms", 1000),))
    assert taken(step, {"p50": 0.25, "other": 1}) == {"latency": 250}


def test_memory_is_told_in_gib() -> None:
    assert gibibytes("25165824 kB") == 24


@pytest.mark.parametrize("step", [step for step in STEPS if step.module == "against"], ids=lambda step: step.names[0])
def test_a_peer_is_one_short_file_that_says_how_it_is_written(step: Step) -> None:
    name = step.arguments[0]
    if name == against.KAFKA_STREAMS:
        (source,) = PEERS.rglob("*.java")
        text = said = source.read_text()
    else:
        text = (PEERS / f"{name.removesuffix('_batch')}.py").read_text()
        said = ast.get_docstring(ast.parse(text)) or ""
    assert len(text.splitlines()) <= 80
    assert "Written" in said or "loop of its documentation" in said
