"""Results: what several runs come to, and how new ones take the place of old ones. Pure."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Run = Mapping[str, float]
"""Figure → value, of all that one round measured."""

Result = dict[str, Any]


def result(name: str, unit: str, group: str, rounds: Sequence[Run], against: Iterable[str] = ()) -> Result | None:
    """A figure of all rounds that have it, or None: median, all values, spread, ratios to others.

    A ratio is the median of the ratios of the rounds that have both: the two ran right after each other.
    """
    values = [each[name] for each in rounds if name in each]
    if not values:
        return None
    ratios = {other: ratio(rounds, name, other) for other in against}
    return {
        "name": name,
        "group": group,
        "value": rounded(statistics.median(values)),
        "unit": unit,
        "runs": [rounded(value) for value in values],
        "spread": [rounded(min(values)), rounded(max(values))],
        "against": {other: found for other, found in ratios.items() if found is not None},
    }


def ratio(rounds: Sequence[Run], name: str, other: str) -> float | None:
    """The median of the ratios round by round; None where no round has both."""
    pairs = [(each[name], each[other]) for each in rounds if name in each and other in each]
    return round(statistics.median(one / two for one, two in pairs), 3) if pairs else None


def rounded(value: float) -> float:
    """To a tenth, small values to three decimals."""
    return round(value, 1) if abs(value) >= 100 else round(value, 3)


def merged(old: Sequence[Result], new: Sequence[Result], order: Sequence[str]) -> list[Result]:
    """New results in place of those of the same name; the others stay as they were. In the order given."""
    found = {each["name"]: each for each in [*old, *new]}
    places = {name: number for number, name in enumerate(order)}
    return sorted(found.values(), key=lambda each: places.get(each["name"], len(places)))


def plot_of(group: str, unit: str) -> str:
    """The file name of the picture of a group's figures of one unit."""
    return re.sub("[^a-z0-9]+", "-", f"{group} {unit}".lower()).strip("-") + ".png"


def by_plot(results: Iterable[Result]) -> dict[str, list[Result]]:
    """The figures of each picture, by its file name."""
    found: dict[str, list[Result]] = {}
    for each in results:
        found.setdefault(plot_of(each["group"], each["unit"]), []).append(each)
    return found
