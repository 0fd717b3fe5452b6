"""`make mutants`: each `*.patch` here is one bug; the tests it names must turn red with it, and be green without.

A patch is what `git diff` prints, with text before it that says which law it breaks and a line

    Tests: tests/unit/chassis -k "lost race"

whose words are given to pytest. A patch that no longer applies, tests that cannot be collected, a selection without
tests or one that is red anyway are failures of the proof, not killed mutants.

usage: python tests/mutants/run.py [NAME ...]      NAME = a patch's name, or the start of it
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARALLEL = 2
TEST_SECONDS, RUN_SECONDS = 120, 900
RED, NO_TESTS = 1, 5


class Failed(Exception):
    """The proof itself does not work for this patch; the text says why."""


def selection(patch: Path) -> list[str]:
    """The pytest arguments a patch names. Raises Failed if it names none."""
    head = re.split(r"^(?:diff --git|--- )", patch.read_text(), maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(r"^Tests:\s*(\S.*)$", head, re.MULTILINE)
    if not found:
        raise Failed("has no line 'Tests: <pytest arguments>' before the diff")
    return shlex.split(found[1])


@contextmanager
def copy_of_the_tree() -> Iterator[Path]:
    """A folder with the repository's files as they are now (uncommitted ones too), in a git repository of its own."""
    folder = Path(tempfile.mkdtemp(prefix="hearth-mutant-"))
    try:
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path) -> dict[str, str]:
    """This environment with the copy first on the path: before the editable install, which names the original."""
    env = os.environ | {
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HEARTH_DATA_DIR": str(folder / ".hearth"),
    }
    return {key: value for key, value in env.items() if not key.startswith("PYTEST_")}


def require_the_copy(folder: Path) -> None:
    """Make sure that Python takes the code from the copy. Raises Failed if it does not."""
    probe = (
        "import chassis, contracts, services; print(*(p.__file__ for p in (chassis, contracts, services)), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )
    if done.returncode != 0 or any(not line.startswith(str(folder)) for line in done.stdout.split("\n") if line):
        raise Failed(f"Python does not import the copy: {done.stdout}{done.stderr}")


def pytest_run(folder: Path, arguments: list[str]) -> tuple[int, str]:
    """pytest's exit code and output in a copy; a run that hangs is red, as it would be for a person."""
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS}"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *arguments],
            cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=RUN_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return RED, "1 failed (the whole run hung)"
    return done.returncode, done.stdout + done.stderr


def require_green(arguments: list[str]) -> None:
    """Run a selection on the code as it is. Raises Failed unless it is green and has tests that ran."""
    with copy_of_the_tree() as folder:
        require_the_copy(folder)
        code, output = pytest_run(folder, arguments)
    if code == NO_TESTS or not re.search(r"\b[1-9]\d* passed", output):
        raise Failed(f"its selection runs no test: {shlex.join(arguments)}\n{_end(output)}")
    if code != 0:
        raise Failed(f"its selection is red without it: {shlex.join(arguments)}\n{_end(output)}")


def is_killed(patch: Path, arguments: list[str]) -> bool:
    """Whether a test fails (not: cannot be collected or set up) with the patch. Raises Failed if unclear."""
    with copy_of_the_tree() as folder:
        applied = subprocess.run(["git", "apply", str(patch)], cwd=folder, capture_output=True, text=True, check=False)
        if applied.returncode != 0:
            raise Failed(f"does not apply: {applied.stderr.strip()}")
        code, output = pytest_run(folder, arguments)
    if code not in (0, RED) or (code == RED and not re.search(r"\b[1-9]\d* failed|Timeout", output)):
        raise Failed(f"breaks the tests themselves (exit code {code}) instead of turning one red\n{_end(output)}")
    return code == RED


def _end(output: str) -> str:
    return "\n".join("    " + line for line in output.strip().splitlines()[-15:])


def main(names: list[str]) -> int:
    """Try every patch; 0 if all were killed."""
    patches = [p for p in sorted(HERE.glob("*.patch")) if not names or p.stem.startswith(tuple(names))]
    killed = 0
    with ThreadPoolExecutor(PARALLEL) as pool:
        green = {}
        for patch in patches:
            try:
                arguments = selection(patch)
            except Failed:
                continue  # said below
            key = shlex.join(arguments)
            if key not in green:
                green[key] = pool.submit(require_green, arguments)

        def judge(patch: Path) -> tuple[bool, str]:
            try:
                arguments = selection(patch)
                green[shlex.join(arguments)].result()
                return (True, "killed") if is_killed(patch, arguments) else (False, "SURVIVED")
            except Failed as failure:
                return False, f"FAILED: {failure}"

        for patch, (dead, verdict) in zip(patches, pool.map(judge, patches), strict=True):
            killed += dead
            print(f"{patch.stem:<48} {verdict}", flush=True)
    print(f"{len(patches)} mutants, {killed} killed")
    return 0 if patches and killed == len(patches) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
