"""`make run` and `make demo` as a person uses them: start, look, Ctrl-C, start again."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports, services
from hearth.cli.story import Story
from tests.running import request, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]
SHE = Story().people["she"]["phone"]
RIGHT = f"all {len(Story().numbers)} numbers of the story are right"


def free_offset() -> int:
    """An offset at which all ports are free, and kept from others who look for some (`ports.keep`)."""
    fixed = [ports.BROKER, ports.DATABASE, *(p for s in services.SERVICES for p in (s.http, s.grpc, s.admin))]
    offsets = random.SystemRandom().sample(range(1_000, 5_600), 4_600)  # below what the system takes for connections
    return next(offset for offset in offsets if all(ports.keep(port + offset) for port in fixed))


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """A data folder of its own, and ports of its own."""
    return {**os.environ, "HEARTH_DATA_DIR": str(tmp_path / "data"), "HEARTH_PORT_OFFSET": str(free_offset())}


@pytest.fixture
def command(request: pytest.FixtureRequest) -> list[str]:
    """What `make run` runs."""
    real = ["--real"] if request.config.getoption("--real") else []
    return [sys.executable, "-m", "deploy.local", "run", *real]


@contextlib.contextmanager
def run(command: list[str], settings: dict[str, str], log: Path) -> Iterator[str]:
    """A run, up to its banner; then Ctrl-C. Yields the URL of the story's account."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=settings, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        until(lambda: (process.poll(), log.read_text()), lambda now: now[0] is not None or "Ctrl-C stops" in now[1],
              "the banner", 400)  # fmt: skip
        assert process.poll() is None, log.read_text()
        offset = int(settings["HEARTH_PORT_OFFSET"])
        she = request(f"http://127.0.0.1:{8101 + offset}/v1/customers/search", SHE, {}, "").body["customer_id"]
        yield f"http://127.0.0.1:{8103 + offset}/v1/accounts/{she}"
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(180)
    assert code == 0, log.read_text()
    assert "nothing is left running" in log.read_text()


def test_what_was_there_is_there_after_the_next_start(
    command: list[str], settings: dict[str, str], tmp_path: Path
) -> None:
    """The embedded broker forgets, the database does not: the story told again changes nothing, a hold is still held."""
    with run(command, settings, tmp_path / "first") as account:
        assert request(account, None, {}, "").body["active"] == 21090
        held = request(f"{account}/holds", {"points": 40}, {"idempotency-key": "before-the-end"}, "")
        before = request(account, None, {}, "")
        assert (held.status, before.body["held"]) == (201, 40)
    assert not ports.is_taken(27117 + int(settings["HEARTH_PORT_OFFSET"]))

    with run(command, settings, tmp_path / "second") as account:
        after = request(account, None, {}, "")
        assert (after.body, after.headers["etag"]) == (before.body, before.headers["etag"])
        again = request(f"{account}/holds", {"points": 40}, {"idempotency-key": "before-the-end"}, "")
        assert (again.status, again.body) == (201, held.body)
    first, second = ((tmp_path / name).read_text() for name in ("first", "second"))
    assert "first visible fact after" in first
    assert RIGHT in first
    assert "she account held is 40, must be 0" in second


def test_a_demo_checks_every_number_and_leaves_nothing(
    command: list[str], settings: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run([*command, "--demo"], env=settings, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert RIGHT in done.stdout
    assert "21090" in done.stdout
    assert not list((tmp_path / "data").glob("demo-*"))
    assert not list((tmp_path / "data" / "log").glob("demo-*"))
