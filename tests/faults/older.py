"""An older release of this repository: its source in a folder, and a Python with the packages that it needs."""

import hashlib
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from deploy.local import download
from deploy.local.paths import ROOT

BACK = 25
"""So many commits ago is the older release, while there is no tag."""


def git(*arguments: str) -> bytes:
    """What git says about this repository; empty where it fails."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False).stdout


def older(folder: Path, *, beside: bool) -> tuple[str, Path]:
    """The revision to come from, and its source in a folder: `FROM`, the last tag, or the first of the last commits that
    can be started, shares partitions as today (`docs/operations/upgrade.md`), and may work `beside` this one or, if not,
    must not: its rule tables are other ones, or it cannot read our policies.
    """
    chosen = os.environ.get("FROM") or git("describe", "--tags", "--abbrev=0").decode().strip()
    now = tables("HEAD")
    for revision in [chosen] if chosen else [f"HEAD~{number}" for number in range(BACK, 0, -1)]:
        name = git("rev-parse", "--short", revision).decode().strip()
        same, place = tables(revision) == now, folder / name
        starts = (same or not beside) and not withdrawn(revision) and unpacked(revision, place)
        if starts and (same and reads_policies(place)) == beside:
            return name, place
    kind = "with the same rules" if beside else "with other rules"
    pytest.skip(f"there is no older release {kind} that starts: give one with FROM=")


def tables(revision: str) -> list[bytes]:
    """The lines that number the rule tables of the services."""
    found = git("grep", "-h", "^TABLE = ", revision, "--", "services/loyalty/app.py", "services/profile/app.py")
    return [line.rpartition(b":")[2] for line in found.splitlines()]


def reads_policies(folder: Path) -> bool:
    """Whether the release in a folder understands the numbers that this one publishes."""
    asked = "; ".join(
        f"from services.{name}.domain.policy import policy_from as {name}; {name}(yaml.safe_load(open({str(file)!r})))"
        for file in sorted(ROOT.glob("services/*/policy/*.yaml"))
        for name in [file.stem]
    )
    command = [python_of(folder), "-P", "-c", f"import yaml; {asked}"]
    return not subprocess.run(command, env={"PYTHONPATH": str(folder)}, capture_output=True, check=False).returncode


def withdrawn(revision: str) -> bool:
    """Whether it is one of those between 5be9879 and 8addc49 whose workers do not always join when several start at once."""
    return b"_partition_assignment_strategy" in git("show", f"{revision}:chassis/stream/transport.py")


def unpacked(revision: str, folder: Path) -> bool:
    """Put the source of a revision into a folder; whether it can be started, and a process that starts there runs it."""
    with tarfile.open(fileobj=BytesIO(git("archive", revision))) as tar:
        tar.extractall(folder, filter="data")
    where = "import chassis.app as a, services.loyalty.app as b, services.profile.app as c"
    asked = [python_of(folder), "-P", "-c", f"{where}; print(a.__file__, b.__file__, c.__file__)"]
    told = subprocess.run(asked, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False)
    return told.returncode == 0 and all(name.startswith(str(folder)) for name in told.stdout.split())


def python_of(tree: Path) -> str:
    """The Python of a release: this one's where it needs the same packages, else one with its own, made once per machine."""
    wanted = (tree / "requirements" / "run.txt").read_bytes()
    if wanted == (ROOT / "requirements" / "run.txt").read_bytes():
        return sys.executable

    def build(folder: Path) -> None:
        pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        exact = ["--require-hashes", "-r", str(tree / "requirements" / "run.txt")]
        for step in ([sys.executable, "-m", "venv", str(folder)], [*pip, *exact]):
            download.build_step(step, folder, "older-release")

    named = f"run-packages-{hashlib.sha256(wanted).hexdigest()[:12]}"
    return str(download.cached(named, build) / "bin" / "python")


def format_of(tree: Path) -> int:
    """The format that the release of a folder writes."""
    asked = [python_of(tree), "-P", "-c", "from chassis.fold.model import FORMAT; print(FORMAT)"]
    told = subprocess.run(asked, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True)
    return int(told.stdout)
