"""`python -m tests.mutants.story [SERVICE[:TYPE] ...]`: every rule that the story uses is needed for its numbers.

The story is told once to see which rules run (on embedded engines), then once without each of them, rule by rule: a number
must be wrong, or a fact must not arrive. A rule whose absence nobody notices is a survivor: the story says too little.
"""

import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.local import services, stack
from deploy.local.process import Process
from hearth.cli.story import BEGIN, Story
from tests.running import Hearth

PATIENCE = "12"
"""Seconds after which a number is wrong; with all rules the last one is right after some three."""

SEEDS = (1, 2, 3)
"""Those of the test: what is forwarded, for example, depends on the order in which facts arrive."""

MERGING = ("crm.customer.merged.v1", "hearth.forwarded.v1", "hearth.absorbed.v1")
"""What the mechanism of merging does when one of the story's people turns out to have two ids."""


class Without(Hearth):
    """Four services; one of them, or (`-`) all, run by `tests.mutants.without`."""

    without: tuple[str, str] = ("", "-")

    def process_of(self, service: services.Service) -> Process:
        """The mutant in place of its service."""
        process, (name, type_) = super().process_of(service), self.without
        if name in ("", service.name):
            process.command = [sys.executable, "-m", "tests.mutants.without", service.name, type_, self.role]
        return process


def told(engines: stack.Engines, service: str, type_: str, seed: int = 1) -> tuple[str, dict[str, str]]:
    """Tell the story to a mutant; returns what was wrong ("" = nothing), and the logs by service."""
    with tempfile.TemporaryDirectory() as folder:
        hearth = Without(engines, Path(folder), "all", {"HEARTH_CLOCK": BEGIN})
        hearth.without = (service, type_)
        try:
            hearth.start()
            done = hearth.cli("story", "check", "--seed", str(seed), "--patience", PATIENCE)
            wrong = [
                line for line in (done.stdout + done.stderr).splitlines() if re.search(r" is .*must be|not there", line)
            ]
            assert bool(wrong) == bool(done.returncode), done.stdout + done.stderr
            return "; ".join(wrong[:2]), {path.stem: path.read_text() for path in hearth.log_dir.glob("*.log")}
        finally:
            hearth.stop()


def rules_of(name: str) -> dict[str, bool]:
    """The types a service has rules for; whether it is a rule of merging."""
    rules = importlib.import_module(f"services.{name}.worker.table").RULES
    return {type_: bool(rule.tie) for type_, rule in rules.items()}


def used(logs: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Service and type of every rule that ran; merging, which a story of a person with two names always needs."""
    for service in (each.name for each in services.SERVICES):
        ran = set(re.findall(r"^ran (\S+)$", logs[service], re.MULTILINE))
        for type_, ties in rules_of(service).items():
            if type_ in ran or (ties and type_ in MERGING):
                yield service, type_


def main(names: list[str]) -> int:
    """Try every rule; 0 if the story is right with all of them and wrong without any."""
    with tempfile.TemporaryDirectory() as folder:
        engines = stack.on_free_ports(Path(folder) / "data", Path(folder) / "log", real=False)
        engines.start()
        try:
            wrong, logs = told(engines, "", "-")
            if wrong:
                print(f"the story is wrong as it is: {wrong}")
                return 1
            survivors = 0
            tried = [f"{service}:{type_}" for service, type_ in used(logs)]
            for mutant in [each for each in tried if not names or each.startswith(tuple(names))]:
                service, type_ = mutant.split(":")
                wrong = next(filter(None, (told(engines, service, type_, seed)[0] for seed in SEEDS)), "")
                survivors += not wrong
                print(f"{mutant:<48} {f'killed: {wrong[:120]}' if wrong else 'SURVIVED'}", flush=True)
            print(f"{len(tried)} rules of the story ({len(Story().numbers)} numbers), {survivors} survived")
            return 1 if survivors else 0
        finally:
            engines.stop()


if __name__ == "__main__":
    os.environ.setdefault("HEARTH_LOG_LEVEL", "warning")
    sys.exit(main(sys.argv[1:]))
