"""Rendering the chart: which value sets there are, and what helm makes of them."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.chart import CHART
from deploy.local.errors import LocalError
from deploy.testing import tools

HERE = Path(__file__).parent
HOUSE, GOLDEN, WRONG = HERE / "house.yaml", HERE / "golden", HERE / "wrong"
SETS = {
    "small": CHART / "values-small.yaml",
    "production": CHART / "values-production.yaml",
    "external": HERE / "sets" / "external.yaml",
}
OLDEST = "1.34.0"
RELEASE, NAMESPACE = "hearth", "crm"

Docs = list[dict[str, Any]]


def helm(
    tool: tools.GoTool, verb: str, chart: Path, values: Sequence[Path], *more: str
) -> subprocess.CompletedProcess[str]:
    """Run helm on a chart with value files; nobody's own repositories or plugins are looked at."""
    program = str(tools.program(tool))
    given = [word for path in values for word in ("--values", str(path))]
    named = [RELEASE, str(chart), "--namespace", NAMESPACE] if verb == "template" else [str(chart)]
    return subprocess.run(
        [program, verb, *named, *given, *more],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(HERE / "none")},
    )


def template(tool: tools.GoTool, name: str, chart: Path = CHART) -> str:
    """What a value set renders to. Raises LocalError with helm's words."""
    done = helm(tool, "template", chart, [SETS[name], HOUSE], "--kube-version", OLDEST)
    if done.returncode != 0:
        raise LocalError(f"helm template of {name}: {done.stderr.strip()}")
    return done.stdout


def merged(*layers: Any) -> dict[str, Any]:
    """Values as helm lays them over each other: maps are merged, everything else is replaced."""
    made: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = made.get(key)
            made[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return made


def values_of(name: str, more: Any = None) -> dict[str, Any]:
    """The values of a set, over the chart's own, with the house's and more on top."""
    files = (CHART / "values.yaml", SETS[name], HOUSE)
    return merged(*(yaml.safe_load(path.read_text()) for path in files), more or {})


def documents(text: str) -> Docs:
    """The objects of a render."""
    return [each for each in yaml.safe_load_all(text) if each]


def golden(name: str) -> Docs:
    """The objects of the render that was reviewed."""
    return documents((GOLDEN / f"{name}.yaml").read_text())
