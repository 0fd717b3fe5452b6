"""What the figures were measured on: the machine, the engines, the versions of what is measured."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from deploy.local import kafka, rust
from deploy.setup import environment_of

PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "pymongo", "msgspec")
PEERS = ("faststream", "quixstreams")


def machine() -> dict[str, Any]:
    """All of it, by name."""
    return {
        "cpu": _line("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": gibibytes(_line("/proc/meminfo", "MemTotal") or "0 kB"),
        "python": platform.python_version(),
        "system": platform.system(),
        "broker": _other("KAFKA_BOOTSTRAP") or f"Apache Kafka {kafka.VERSION} (KRaft, one node)",
        "database": _other("MONGO_URL") or f"secantusd-rs {rust.VERSION}",
        "kafka-streams": kafka.VERSION,
        **{name: metadata.version(name) for name in PACKAGES},
        **peers(),
    }


def gibibytes(text: str) -> int:
    """The whole number of GiB in a text such as `24576000 kB`."""
    return round(int(text.split()[0]) / (1 << 20))


def peers() -> dict[str, str]:
    """The versions of the peers, where their environment is installed."""
    python = environment_of("bench") / "bin" / "python"
    if not python.exists():
        return {}
    ask = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    done = subprocess.run([str(python), "-c", ask, *PEERS], capture_output=True, text=True, check=False)
    return dict(zip(PEERS, done.stdout.split(), strict=False))


def _other(setting: str) -> str:
    return f"another one, given by {setting}" if os.environ.get(setting) else ""


def _line(path: str, name: str) -> str:
    """The value of the first line of a system file that begins so; empty where there is no such file."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")
