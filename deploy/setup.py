"""`make setup`: the project's `.venv`, from hashed requirements, with Hearth itself installed as editable.

usage: python deploy/setup.py local|test|bench

- local: what `make run` needs. test: that, and what `make check` and `make test` need. bench: the peers, in
  `.hearth/bench-venv`.
- Does nothing (in a few milliseconds) when the requirements, the Python and the folder are those of the last time.
- Two of them at once wait for each other. Uses the standard library only, since it runs before anything is installed.
"""

import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROFILES = {"local": ["local"], "test": ["test", "local"], "bench": ["bench"]}  # each satisfies the ones after it


def environment_of(profile: str) -> pathlib.Path:
    """The folder of the virtual environment a profile lives in."""
    return ROOT / (".hearth/bench-venv" if profile == "bench" else ".venv")


def fingerprint(profile: str) -> str:
    """A hash of everything that, when changed, makes the environment stale; the folder too, for venvs cannot move."""
    parts = [str(ROOT), (ROOT / "pyproject.toml").read_text().split("[tool.ruff]")[0]]
    parts += [(ROOT / "requirements" / f"{profile}.txt").read_text()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_ready(env: pathlib.Path, profile: str) -> bool:
    """Whether the environment was completed for these very requirements."""
    stamp = env / f".ready-{profile}"
    return (env / "bin" / "python").exists() and stamp.exists() and stamp.read_text() == fingerprint(profile)


def is_usable(env: pathlib.Path) -> bool:
    """Whether the environment's Python starts and belongs to this folder (it does not after a move or an upgrade)."""
    probe = "import sys, pip; print(sys.prefix)"
    found = subprocess.run([str(env / "bin" / "python"), "-c", probe], capture_output=True, text=True, check=False)
    return found.returncode == 0 and found.stdout.strip() == str(env)


def create(env: pathlib.Path) -> None:
    """Make an empty virtual environment, or say what the system lacks for it."""
    if (env / "bin" / "python").exists() and is_usable(env):
        return
    shutil.rmtree(env, ignore_errors=True)
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(env)
    except (subprocess.CalledProcessError, OSError) as error:
        shutil.rmtree(env, ignore_errors=True)
        sys.exit(
            f"hearth: this Python cannot make a virtual environment ({error}). On Debian: apt install python3-venv"
        )


def install(env: pathlib.Path, profile: str) -> None:
    """Install the pinned, hashed requirements, then Hearth itself without fetching anything."""
    pip = [str(env / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    steps = [[*pip, "--require-hashes", "-r", str(ROOT / "requirements" / f"{profile}.txt")]]
    if profile != "bench":
        steps.append([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    for step in steps:
        if subprocess.run(step, check=False).returncode != 0:
            sys.exit(f"hearth: {' '.join(step[1:5])} ... failed; the reason stands above")


def main(profile: str) -> None:
    """Bring the environment of `profile` up to date."""
    env = environment_of(profile)
    if is_ready(env, profile):
        return
    env.parent.mkdir(parents=True, exist_ok=True)
    with (ROOT / "pyproject.toml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_ready(env, profile):
            return
        began = time.monotonic()
        print(f"setup: installing requirements/{profile}.txt into {env.relative_to(ROOT)} ...", flush=True)
        create(env)
        install(env, profile)
        for satisfied in PROFILES[profile]:
            (env / f".ready-{satisfied}").write_text(fingerprint(satisfied))
        print(f"setup: done in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PROFILES:
        sys.exit(f"usage: python deploy/setup.py {'|'.join(PROFILES)}")
    main(sys.argv[1])
