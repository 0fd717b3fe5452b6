"""The files the rules are about."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("services", "contracts", "chassis", "hearth")


def is_generated(path: Path) -> bool:
    """Whether protoc wrote it."""
    return path.stem.endswith(("_pb2", "_pb2_grpc"))


def python_files(*roots: str) -> list[Path]:
    """The Python files people wrote, under the given import roots."""
    found = (path for root in roots for path in (ROOT / root).rglob("*.py"))
    return sorted(path for path in found if not is_generated(path))


def tracked_files() -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())
