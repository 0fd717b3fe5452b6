"""What README.md tells a newcomer to type works as it stands there, but for addresses."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import Hearth

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def blocks(language: str, word: str) -> list[str]:
    """The blocks of a language in which a word stands."""
    return [text for kind, text in BLOCKS if kind == language and word in text]


def here(text: str, hearth: Hearth, customer: str) -> str:
    """A block with this run's addresses and a customer of this test."""
    loyalty, profile = hearth.service("loyalty"), hearth.service("profile")
    for fixed, found in (
        ("127.0.0.1:8103", f"127.0.0.1:{loyalty.http}"),
        ("127.0.0.1:8101", f"127.0.0.1:{profile.http}"),
        ("127.0.0.1:19092", hearth.bootstrap),
        ('"crm.journal"', f'"{hearth.journal}"'),
        ("my-customer", customer),
        (".venv/bin/hearth", f"'{sys.executable}' -m hearth.cli"),
    ):
        text = text.replace(fixed, found)
    return text


def run(hearth: Hearth, *command: str) -> str:
    """Run a command in the environment of the services; its output."""
    done = subprocess.run(command, env=hearth.settings, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_events_published_as_the_readme_says_make_the_balance_it_says(hearth: Hearth) -> None:
    """The visit by `hearth publish`, the deal as the console producer's line, the payment by the SDK."""
    customer = f"readme-{hearth.namespace}"
    (publish,) = blocks("sh", "hearth publish")
    (typed,) = blocks("sh", "kafka-console-producer")
    (sdk,) = blocks("python", "CloudEvent")
    run(hearth, sys.executable, "-c", here(sdk, hearth, customer))
    run(hearth, "sh", "-c", here(publish, hearth, customer))
    line = run(hearth, "sh", "-c", here(typed.partition("|\n")[0], hearth, customer)).rstrip("\n")
    key, _, event = line.partition("\t")
    hearth.publish([(key, event.encode(), [])])
    hearth.eventually(customer, active=550, pending=1500)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_balance_is_looked_at_as_the_readme_says(hearth: Hearth) -> None:
    """Every line of the block answers."""
    assert hearth.cli("story", "play").returncode == 0
    (look,) = blocks("sh", "explain?balance=pending")
    shown = run(hearth, "sh", "-ec", here(look.replace("curl ", "curl -sSf "), hearth, ""))
    assert '"active":1090' in shown
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
