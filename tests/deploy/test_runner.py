"""The parts of the runner that need no engine: locks, keys, ports, the end of a child."""

import os
import stat
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path

import pytest

from deploy.local import keys, ports
from deploy.local.errors import LocalError
from deploy.local.lock import only_one
from deploy.local.process import Process


def test_a_second_run_in_the_same_folder_is_told_who_holds_it(tmp_path: Path) -> None:
    told = pytest.raises(LocalError, match=rf"make run`, process {os.getpid()}")
    with only_one(tmp_path, "make run"), told, only_one(tmp_path, "make run"):
        pass


def test_a_lock_ends_with_its_holder_however_that_ends(tmp_path: Path) -> None:
    program = "import os, sys, pathlib; from deploy.local.lock import only_one\n" \
              "with only_one(pathlib.Path(sys.argv[1]), 'make run'): os._exit(9)"  # fmt: skip
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / "lock").read_text()
    with only_one(tmp_path, "make run"):
        pass


def test_keys_are_made_once_and_are_private(tmp_path: Path) -> None:
    first = keys.ensure(tmp_path / "keys")
    texts = {name: Path(path).read_text() for name, path in first.items()}
    assert set(first) == {"HEARTH_KEK_FILE", "HEARTH_INDEX_KEY_FILE"}
    assert [len(b64decode(text)) for text in texts.values()] == [32, 32]
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in first.values()} == {0o600}
    assert {name: Path(path).read_text() for name, path in keys.ensure(tmp_path / "keys").items()} == texts


def test_free_ports_are_different_and_free() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    assert not any(ports.is_taken(port) for port in found)


def test_a_free_port_is_kept_for_who_found_it() -> None:
    """From others, too, until this process ends: between finding a port and listening there seconds pass."""
    (port,) = ports.free_ports(1)
    asks = f"from deploy.local import ports; print(ports.is_taken({port}), ports.keep({port}))"
    told = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False", "False"]
    assert not ports.keep(port)
    leaves = "from deploy.local import ports; print(*ports.free_ports(1))"
    left = int(subprocess.run([sys.executable, "-c", leaves], capture_output=True, text=True, check=True).stdout)
    assert ports.keep(left), "it is free again when its keeper has ended"


def test_an_offset_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTH_PORT_OFFSET", "ten")
    with pytest.raises(LocalError, match="HEARTH_PORT_OFFSET"):
        ports.offset()


def test_a_child_that_ignores_the_wish_to_end_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(900)"
    )
    child = Process("deaf", [sys.executable, "-c", deaf], tmp_path / "deaf.log")
    child.spawn()
    child.wait_until(lambda: "deaf" in child.log.read_text(), 60)
    began = time.monotonic()
    child.stop(0.3)
    assert not child.alive
    assert time.monotonic() - began < 60, "it was not waited for"


def test_a_child_that_ends_too_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    child = Process(
        "brief", [sys.executable, "-c", "print('no coal left'); raise SystemExit(3)"], tmp_path / "brief.log"
    )
    child.spawn()
    with pytest.raises(LocalError, match=r"(?s)exit code 3.*no coal left"):
        child.wait_until(lambda: False, 120)
