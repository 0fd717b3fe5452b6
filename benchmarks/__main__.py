"""`python -m benchmarks [--quick] [--real] [--runs N] [--only NAME ...]`: measure, print, write `benchmarks/results.json`.

Every figure is a process of its own on fresh topics and databases. Figures that are compared run right after each
other, and their ratio is taken pair by pair: these machines are noisy, ratios within a run are not. What fails is told
by name and takes nothing else with it. `--only`: these figures, or patterns such as 'durable_*'; the others in the file
stay. `--quick`: small works on the embedded engines, nothing is written; `--real` takes the real engines for that too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import GROUPS, Group, Step, chosen, results
from benchmarks.machine import machine
from benchmarks.results import Result, Run, merged
from deploy.local import keys
from deploy.local.stack import Engines, on_free_ports

RESULTS = Path(__file__).parent / "results.json"
PATIENCE = 1200
"""Seconds after which a measurement has failed."""


class Failed(Exception):
    """A measurement did not come to an end."""


class Bench:
    """The engines, and what failed on them. place: a folder for whatever a measurement leaves behind."""

    def __init__(self, engines: Engines, place: Path, quick: bool) -> None:
        self.engines, self.quick, self.count = engines, quick, 0
        self.settings = {**engines.env, **keys.ensure(place / "keys"), "TMPDIR": str(place)}
        self.failed: dict[str, str] = {}

    def measure(self, groups: Sequence[Group], runs: int) -> Iterator[list[Result]]:
        """All figures, `runs` rounds of each group; group by group, so that what is interrupted keeps what it has."""
        for group in groups:
            yield results(group, [self.round(group) for _ in range(runs)])

    def round(self, group: Group) -> Run:
        """All steps of a group, one after the other."""
        values: dict[str, float] = {}
        answers: dict[str, float] = {}
        for step in group.steps:
            began = time.monotonic()
            try:
                done = self.run(step.module, *(each.format_map(answers) for each in step.arguments))
            except (Failed, KeyError) as error:
                self.failed.update({name: str(error) or repr(error) for name in step.names})
                print(f"{', '.join(step.names)} FAILED: {error}", file=sys.stderr, flush=True)
                continue
            answers |= done
            values |= taken(step, done)
            seconds = time.monotonic() - began
            print(f"  {json.dumps(taken(step, done))} {json.dumps(done)} in {seconds:.0f} s", flush=True)
        return values

    def run(self, module: str, *arguments: str) -> dict[str, float]:
        """One measurement in a process of its own; returns its figures. Raises Failed."""
        self.count += 1
        environ = {
            **os.environ,
            **self.settings,
            "HEARTH_NAMESPACE": f"bench{self.count}",
            "HEARTH_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments, *(["--quick"] if self.quick else [])]
        try:
            done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"benchmarks.{module} was not done after {PATIENCE} s") from None
        if done.returncode:
            raise Failed(f"benchmarks.{module} failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def taken(step: Step, answer: Run) -> dict[str, float]:
    """The figures of a step in their units."""
    return {each.name: answer[each.field] * each.factor for each in step.figures}


def show(found: Sequence[Result], failed: dict[str, str]) -> None:
    """All results, and the names of what failed."""
    for each in found:
        ratios = "".join(f"  {ratio} x {other}" for other, ratio in each["against"].items())
        low, high = each["spread"]
        print(f"{each['name']:30} {each['value']:>12,.1f} {each['unit']:10} ({low:,.1f} - {high:,.1f}){ratios}")
    for name, why in failed.items():
        print(f"{name:30} FAILED: {why.splitlines()[-1] if why else 'without a word'}")


def write(found: Sequence[Result]) -> None:
    """Into the file, with the date and the machine, in place of what was there of the same names."""
    head = {"date": datetime.now(UTC).date().isoformat(), "machine": machine()}
    order = [name for group in GROUPS for step in group.steps for name in step.names]
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    new = merged(old, [{**each, **head} for each in found], order)
    RESULTS.write_text(json.dumps(new, indent=1) + "\n")


def main() -> int:
    """Measure, print, and (unless quick) write; 1 if anything failed."""
    options = argparse.ArgumentParser(prog="python -m benchmarks")
    options.add_argument("--quick", action="store_true")
    options.add_argument("--real", action="store_true")
    options.add_argument("--runs", type=int)
    options.add_argument("--only", nargs="+", default=[])
    asked = options.parse_args()
    groups = chosen(GROUPS, asked.only, asked.quick)
    if not groups:
        options.error(f"no figure is called {' or '.join(asked.only)}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        engines = on_free_ports(place / "data", place / "log", real=asked.real or not asked.quick)
        engines.start()
        try:
            bench = Bench(engines, place, asked.quick)
            found: list[Result] = []
            for some in bench.measure(groups, asked.runs or (1 if asked.quick else 3)):
                found += some
                if some and not asked.quick:
                    write(some)
        finally:
            engines.stop()
    show(found, bench.failed)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
