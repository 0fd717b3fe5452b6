"""Services as processes of their own on the engines of the bench, for figures that need whole services."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deploy.local import services, stack
from deploy.local.paths import ROOT
from deploy.local.process import Process
from deploy.local.runner import READY_SECONDS, Run


@contextlib.contextmanager
def migrated(changed: Mapping[str, str] | None = None) -> Iterator[Run]:
    """A run in the bench's namespace, migrated; nothing of it runs yet, and what is started ends with the block.

    changed: lines of policies, and what stands there instead.
    """
    engines = stack.Engines(os.environ["KAFKA_BOOTSTRAP"], os.environ["MONGO_URL"], None, None)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(engines, services.on_free_ports(), Path(folder) / "data", Path(folder) / "log", lambda _text: None)  # type: ignore[arg-type]
        settings = {"HEARTH_NAMESPACE": os.environ["HEARTH_NAMESPACE"], "HEARTH_PORT_OFFSET": "0"}
        run.settings |= {**settings, "HEARTH_LOG_LEVEL": "error"}
        run.settings["HEARTH_POLICY_DIR"] = str(policies(Path(folder) / "policy", changed or {}))
        run._migrate()
        try:
            yield run
        finally:
            run.stop()


def policies(folder: Path, changed: Mapping[str, str]) -> Path:
    """All shipped policies in one folder, with some lines changed; a line that none has is a mistake."""
    folder.mkdir()
    texts = {path.name: path.read_text() for path in ROOT.glob("services/*/policy/*.yaml")}
    for line, instead in changed.items():
        assert any(line in text.splitlines() for text in texts.values()), line
        texts = {name: text.replace(f"\n{line}\n", f"\n{instead}\n") for name, text in texts.items()}
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def start(run: Run, name: str, role: str) -> Process:
    """Start a service in a role, and wait until it is ready."""
    service = service_of(run, name)
    process = services.process(service, role, run.settings, run.log_dir)
    run.running.append(process)
    process.spawn()
    process.wait_until(service.is_ready, READY_SECONDS)
    return process


def service_of(run: Run, name: str) -> services.Service:
    """Where a service of the run is."""
    return next(each for each in run.services if each.name == name)


def megabytes(status: str, field: str) -> float:
    """A field of /proc/PID/status (kB) in MB, such as VmRSS (now) or VmHWM (the most there ever was)."""
    line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024 / 1e6


def share(sorted_values: Sequence[float], part: float) -> float:
    """The value below which that part of the values is."""
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))]
