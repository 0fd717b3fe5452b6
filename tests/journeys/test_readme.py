"""What README.md tells a newcomer to type works as it stands there, but for addresses."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from chassis.publish import SETTINGS
from deploy.local import stack
from hearth.cli.story import BEGIN
from tests.running import Hearth, running, until

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def blocks(language: str, word: str) -> list[str]:
    """The blocks of a language in which a word stands."""
    return [text for kind, text in BLOCKS if kind == language and word in text]


@pytest.fixture(scope="module")
def hearth(engines: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """What `make run` leaves: four services that were told the story."""
    with running(engines, tmp_path_factory.mktemp("readme"), HEARTH_CLOCK=BEGIN) as hearth:
        told = hearth.cli("story", "check", "--patience", "200")  # and everybody is through with it
        assert told.returncode == 0, told.stderr
        yield hearth


def here(text: str, hearth: Hearth) -> str:
    """A block with this run's addresses, and the patience that a machine with much else to do needs; a request that
    fails, fails the block.
    """
    for number, service in enumerate(("profile", "leads", "loyalty", "service_tickets"), 8101):
        text = text.replace(f"127.0.0.1:{number}", f"127.0.0.1:{hearth.service(service).http}")
    for fixed, found in (
        ("127.0.0.1:19092", hearth.bootstrap),
        ('"crm.intake.deal"', f'"{hearth.namespace}.crm.intake.deal"'),
        (".venv/bin/hearth", f"'{sys.executable}' -m hearth.cli"),
        ("curl ", "curl -sSf "),
        ("events trace ", "events trace --wait 60 "),
    ):
        text = text.replace(fixed, found)
    return text


def run(hearth: Hearth, *command: str) -> str:
    """Run a command in the environment of the services; its output."""
    done = subprocess.run(command, env=hearth.settings, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def typed(hearth: Hearth, *words: str, me: str = "") -> str:
    """What the one shell block with these words prints; `me` is what an earlier block put into ME."""
    (block,) = (text for text in blocks("sh", words[0]) if all(word in text for word in words))
    return run(hearth, "sh", "-ec", f"ME={me}\n{here(block, hearth)}")


@curl
def test_events_sent_as_the_readme_says_make_what_it_says(hearth: Hearth) -> None:
    """The visit by curl, the lead as the console producer's line, the deal by the SDK; each with its result and why."""
    shown = typed(hearth, "hearth events trace /me visit-1")
    assert '"status":"accepted"' in shown
    assert "crm.points.earned.v1" in shown
    shown = typed(hearth, "ME=$(")
    assert '"active":50' in shown
    assert '"total":50' in shown
    me = json.loads(shown.partition("}")[0] + "}")["customer_id"]

    (line,) = blocks("sh", "kafka-console-producer")
    event = run(hearth, "sh", "-c", here(line.partition("|\n")[0], hearth)).rstrip("\n")
    producer = Producer({**SETTINGS, "bootstrap.servers": hearth.bootstrap})
    producer.produce(f"{hearth.namespace}.crm.intake.lead", event.encode())
    assert producer.flush(120) == 0
    until(lambda: accepted(hearth, "lead-1"), bool, "the lead")
    shown = typed(hearth, "trace /me lead-1", me=me)
    assert f"customer {me}" in shown
    assert '"VISITED"' in shown

    (sdk,) = blocks("python", "CloudEvent")
    run(hearth, sys.executable, "-c", here(sdk, hearth))
    until(lambda: accepted(hearth, "deal-1"), bool, "the deal")
    shown = typed(hearth, "trace /me deal-1", me=me)
    assert "crm.lead.won.v1" in shown
    assert '"total":2000' in shown
    assert '"WON"' in shown
    assert '"held":30' in typed(hearth, "my-first-hold", me=me)


def accepted(hearth: Hearth, event: str) -> bool:
    """Whether profile has taken in an event of the README."""
    return hearth.http("profile", f"/v1/events?source=/me&id={event}").status == 200


@curl
def test_the_balance_is_looked_at_as_the_readme_says(hearth: Hearth) -> None:
    """Every line of the block answers."""
    shown = typed(hearth, "SHE=$(")
    assert '"active":21090' in shown
    assert '"total":1100' in shown


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("{", "line 1: not_json"),
        ('{"specversion": "1.0", "type": "crm.visit.completed.v1"}', "line 1: missing_field /source"),
    ],
)
def test_an_event_that_is_not_acceptable_is_not_sent(hearth: Hearth, tmp_path: Path, event: str, told: str) -> None:
    """The command names the line, the code and the member."""
    (tmp_path / "event.json").write_text(event)
    done = hearth.cli("publish", str(tmp_path / "event.json"))
    assert done.returncode == 1
    assert told in done.stderr
