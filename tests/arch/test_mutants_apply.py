"""Every mutant still applies to the code as it is; whether it is killed, `make mutants` says."""

import subprocess
from pathlib import Path

import pytest

from tests.arch.sources import ROOT

PATCHES = sorted((ROOT / "tests" / "mutants").glob("*.patch"))


def test_there_are_enough_mutants() -> None:
    names = [patch.name for patch in PATCHES]
    assert len([name for name in names if name.startswith("chassis-")]) >= 15
    for service in ("leads-", "loyalty-", "tickets-"):
        assert len([name for name in names if name.startswith(service)]) >= 5


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_mutant_applies(patch: Path) -> None:
    tried = subprocess.run(["git", "apply", "--check", patch], cwd=ROOT, capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
