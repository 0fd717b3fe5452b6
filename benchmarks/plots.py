"""`.hearth/bench-venv/bin/python -m benchmarks.plots`: docs/benchmarks/*.png from results.json, bars with their spread.

matplotlib is in the peers' environment; nothing here is imported by anything else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from benchmarks.results import Result, by_plot

mpl.use("Agg")
from matplotlib import pyplot

RESULTS = Path(__file__).parent / "results.json"
FOLDER = Path(__file__).parents[1] / "docs" / "benchmarks"
OURS, FLOOR, OTHERS = "#1b6e53", "#9aa5ab", "#c2703d"
PEERS = ("delivery_stock", "delivery_quix", "delivery_faststream", "delivery_raw", "durable_", "state_")


def draw(path: Path, found: Sequence[Result]) -> None:
    """One picture of the figures of a group that have the same unit; whiskers go from the least run to the most."""
    names, values = [each["name"] for each in found], [each["value"] for each in found]
    below = [each["value"] - each["spread"][0] for each in found]
    above = [each["spread"][1] - each["value"] for each in found]
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.45 * len(found)), layout="constrained")
    bars = axes.barh(names, values, xerr=[below, above], color=[colour(name) for name in names], capsize=3)
    axes.bar_label(bars, [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values], padding=6)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{found[0]['unit']}, median of {len(found[0]['runs'])}")
    axes.set_title(found[0]["group"])
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def colour(name: str) -> str:
    """Ours, the floor, or a peer's."""
    return OTHERS if name.startswith(PEERS) else FLOOR if name.startswith("floor_") else OURS


def main() -> None:
    """All groups; pictures of figures that are no more go."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name, found in by_plot(json.loads(RESULTS.read_text())).items():
        draw(FOLDER / name, found)
        print(f"docs/benchmarks/{name}")


if __name__ == "__main__":
    main()
