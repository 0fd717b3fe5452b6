"""Apache Kafka's own console producer: headers typed by hand, and whole events on a line."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.local import kafka
from tests.foreign import events
from tests.running import Hearth, until

pytestmark = pytest.mark.real


def produce(hearth: Hearth, text: str, *properties: str, topic: str = "") -> None:
    """Run `kafka-console-producer` (its class, from the cached jars) with `text` as its input; to the journal, or `topic`."""
    libs = kafka.install()
    java = shutil.which("java")
    assert java is not None
    command = [java, "-Xmx128m", "-cp", f"{libs}{os.pathsep}{libs}/*", "org.apache.kafka.tools.ConsoleProducer"]
    where = ["--bootstrap-server", hearth.bootstrap, "--topic", topic or hearth.journal]
    given = [part for each in properties for part in ("--property", each)]
    done = subprocess.run(
        [*command, *where, *given], input=text, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr


def test_binary_mode_typed_by_hand(hearth: Hearth) -> None:
    """Headers, a tab, the key, a tab, the data."""
    customer = events.someone()
    headers = (
        "ce_specversion:1.0,ce_type:crm.visit.completed.v1,ce_source:/console,ce_id:visit-1,"
        f"ce_subject:{customer},ce_time:2026-03-04T02:00:00Z,content-type:application/json"
    )
    data = '{"visit_id":"V1","project_id":"P1"}'
    produce(hearth, f"{headers}\t{customer}\t{data}\n", "parse.headers=true", "parse.key=true")
    hearth.eventually(customer, active=50)


def test_structured_mode_on_a_line(hearth: Hearth) -> None:
    """The key, a tab, the whole event; no header at all. A second line twice is one fact."""
    customer = events.someone()
    lines = [events.line(events.visit(customer)), events.line(events.answer(customer))]
    produce(hearth, "".join(f"{customer}\t{line}\n" for line in [*lines, lines[1]]), "parse.key=true")
    hearth.eventually(customer, active=70)


def test_the_line_that_the_readme_tells_to_type(hearth: Hearth) -> None:
    """`README.md`, "Send an event of your own": one line to an intake topic, no key and no header."""
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    typed = re.search(r"echo '(.*?)' \|\n  kafka-console-producer\.sh .* --topic (\S+)", readme)
    assert typed is not None
    produce(hearth, typed[1] + "\n", topic=f"{hearth.namespace}.{typed[2]}")
    event = json.loads(typed[1])
    path = f"/v1/events?source={event['source']}&id={event['id']}"
    found = until(lambda: hearth.http("profile", path), lambda answer: answer.status == 200, "the event accepted")
    leads = f"/v1/customers/{found.body['customer_id']}/leads"
    until(lambda: len(hearth.http("leads", leads).body.get("items", [])), lambda number: number == 1, "its lead")
