"""`start_to_first_fact`: seconds from `make run` (installed, fresh data) to the first fact that a question shows.

On the engines of `make run`, whatever the bench runs on. The first fact is the first of the story: somebody asked for by
the phone number is a customer with a timeline.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from deploy.local import ports
from deploy.local.paths import ROOT
from deploy.local.process import Process
from deploy.local.services import SERVICES

PHONE = {"type": "phone", "value": "+86 138 0013 8000"}
PATIENCE = 180.0
POLL = 0.05
OURS = ("KAFKA_BOOTSTRAP", "MONGO_URL", "HEARTH_NAMESPACE")


def measure() -> dict[str, float]:
    """Start, wait for the fact, stop."""
    offset = free_offset()
    with tempfile.TemporaryDirectory() as folder:
        environ = {name: value for name, value in os.environ.items() if name not in OURS}
        environ |= {"HEARTH_DATA_DIR": folder, "HEARTH_PORT_OFFSET": str(offset)}
        subprocess.run(["sh", "deploy/setup.sh", "local"], cwd=ROOT, check=True)
        run = Process("make run", [sys.executable, "-m", "deploy.local", "run"], Path(folder) / "run.log", environ)
        started = time.perf_counter()
        run.spawn()
        try:
            run.wait_until(lambda: is_there(f"http://{ports.LOOPBACK}:{SERVICES[0].http + offset}"), PATIENCE)
            return {"seconds": time.perf_counter() - started}
        finally:
            run.stop(60)


def free_offset() -> int:
    """An offset under which all ports of a run are free."""
    wanted = [port for each in SERVICES for port in (each.http, each.grpc, each.admin)]
    while True:
        offset = random.randrange(1_000, 30_000, 100)
        if not any(ports.is_taken(port + offset) for port in (*wanted, ports.BROKER, ports.DATABASE)):
            return offset


def is_there(url: str) -> bool:
    """Whether the first person of the story is known and has a fact."""
    with contextlib.suppress(OSError, urllib.error.URLError):
        customer = ask(f"{url}/v1/customers/search", PHONE)["customer_id"]
        return bool(ask(f"{url}/v1/customers/{customer}/facts")["items"])
    return False


def ask(url: str, body: Any = None) -> Any:
    """The JSON that a door answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=2) as answer:
        return json.load(answer)


if __name__ == "__main__":
    print(json.dumps(measure()))
