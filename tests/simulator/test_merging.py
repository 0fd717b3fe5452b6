"""Merges and their ends, simulated: hundreds of interleavings under every fault; and each part of the mechanism is needed."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chassis.fold import handing, merging
from chassis.fold.merging import Change, Standing
from tests.simulator.merging import FAULTS, run

SEEDS = 250


def test_every_person_is_the_fold_of_its_facts_under_all_faults() -> None:
    hits: Counter[str] = Counter()
    for seed in range(SEEDS):
        problems, one = run(seed)
        assert problems == [], f"seed {seed}"
        hits.update(one.world.hits)
    happened = ("crash", "zombie write refused", "lost reply", "stale view", "compaction", "rolled back", "undone")
    for fault in (*happened, "merged at the end", "command followed a merge"):
        assert hits[fault], f"{fault} never happened"


def test_without_faults_too() -> None:
    for seed in range(60):
        assert run(seed, frozenset({"doors"}))[0] == []


FOUND = (3025, 17145, 17835)
"""A command was carried out twice: its entity was merged, parted and merged with another one meanwhile."""


LATE = (24499, 24872, 27157, 39815)
"""A fact came late by a merge that was undone before its survivor was itself merged: the last one took it in."""


@pytest.mark.parametrize("seed", (*FOUND, *LATE))
def test_what_a_seed_found_is_mended(seed: int) -> None:
    assert run(seed)[0] == []


@pytest.mark.parametrize("seed", LATE[:2])
def test_an_entity_knows_what_had_ended_before_it_came(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = merging.Standing._ended

    def own_only(self: Standing, entries: Any) -> set[str]:
        return whole(self, entries if isinstance(entries, list) else ())

    monkeypatch.setattr(merging.Standing, "_ended", own_only)
    assert "a is" in "".join(run(seed)[0])


@pytest.mark.parametrize("seed", FOUND)
def test_commands_are_handed_on_in_writing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def unwritten(_language: Any, head: Any, _command: Any, _way: Any, _recalled: Any) -> Any:
        into = head.ties.into
        return None if into is None else handing.Step(None, merging.Elsewhere(into[1], into[0]))

    monkeypatch.setattr(handing, "step", unwritten)
    assert "was carried out 2 times" in "".join(run(seed)[0])


def forwards_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stays(self: Standing, fact: Any) -> Any:
        return merging.Said("kept", "kept", "", "")

    monkeypatch.setattr(Standing, "_forward", stays)


def forgets_what_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the ties remember the end of a merge, nor does a look at what was heard."""
    hear = Standing._hear

    def forgetful(self: Standing, *args: Any) -> Change:
        change = hear(self, *args)
        return change._replace(ties=self.ties)

    monkeypatch.setattr(Standing, "_hear", forgetful)
    monkeypatch.setattr(Standing, "_ended", lambda self, entries: set(self.ties.gone))


def counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standing, "_sees", lambda self, fact: False)


def last_heard_merge_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = Standing._turn

    def latest(self: Standing, rule: Any, fact: Any, now: Any, policy: Any) -> Change:
        data = fact.data._replace(number=1 << 30) if hasattr(fact.data, "_replace") else fact.data
        return turn(self, rule, fact._replace(data=data), now, policy)

    monkeypatch.setattr(Standing, "_turn", latest)


NEEDED = (
    (forwards_nothing, 0),
    (forgets_what_is_undone, 70),
    (counts_twice, 590),
    (last_heard_merge_wins, 40),
)
"""A part of the mechanism, and from which seed on its absence is looked for."""


@pytest.mark.parametrize(("without", "seed"), NEEDED, ids=lambda each: getattr(each, "__name__", ""))
def test_each_part_is_needed(without: Callable[[Any], None], seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    assert any(_goes_wrong(each) for each in range(seed, seed + 800)), "nothing went wrong"


def _goes_wrong(seed: int) -> bool:
    try:
        return bool(run(seed, FAULTS - {"compaction"})[0])
    except Exception:  # a world without this part may break in any way
        return True
