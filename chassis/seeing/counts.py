"""Plain numbers that lanes add to and a scrape reads: adding costs an addition, and nothing is computed until asked."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

OTHER = "other"
"""The label of a type that is not in the catalog, or that nobody asked for: what outsiders call it must not become one."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MINUTES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)
RECORDS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 8_000.0)


class Histogram:
    """How often values fell below each bound, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds, self.counts, self.sum = tuple(bounds), [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        """Count a value; one on a bound is within it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound and how many values were not above it, the last without a bound."""
        total, found = 0, list[tuple[str, float]]()
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class Counts:
    """What the lanes of a service have seen. The whole numbers are of facts, but those of the second line."""

    def __init__(self) -> None:
        self.read = self.applied = self.duplicate = self.passed = self.dead = self.published = 0
        self.lost_races = self.replays = self.discarded = self.refused = 0
        self.types: Counter[tuple[str, str]] = Counter()
        self.codes: Counter[str] = Counter()
        self.lookups: Counter[tuple[str, str]] = Counter()
        self.fold, self.age, self.batch = Histogram(SECONDS), Histogram(MINUTES), Histogram(RECORDS)

    @property
    def numbers(self) -> dict[str, int]:
        """The whole numbers, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def looked_up(self, what: str, hits: int, misses: int) -> None:
        """So many look-ups found what they looked for in memory, and so many did not."""
        self.lookups[what, "hit"] += hits
        self.lookups[what, "miss"] += misses

    def folded(self, items: Sequence[Any], applied: Sequence[Any], refused: Sequence[tuple[Any, Exception]]) -> None:
        """Facts of a batch, by type: those applied, and those that were known. The refused ones are counted as dead."""
        made = Counter([fact.type for fact in applied])
        self._add(made, "applied")
        self.applied += len(applied)
        self.duplicate += len(items) - len(applied) - len(refused)
        if len(items) > len(applied) + len(refused):
            known = Counter([item.fact.type for item in items]) - made
            self._add(known - Counter([item.fact.type for item, _ in refused]), "duplicate")

    def relayed(self, types: Iterable[str], dead: Sequence[Any]) -> None:
        """Records that a handler decided about, by type; those that became dead letters are among them."""
        done = Counter(types) - Counter([letter.type or OTHER for letter in dead])
        self._add(done, "applied")

    def buried(self, dead: Iterable[Any]) -> None:
        """Dead letters, by code and by type."""
        for letter in dead:
            self.dead += 1
            self.codes[letter.code] += 1
            self.types[letter.type or OTHER, "dead"] += 1

    def _add(self, types: Counter[str], outcome: str) -> None:
        for type_, number in types.items():
            self.types[type_, outcome] += number
