"""What operators and newcomers type: trace, tail, dead letters, the doctor."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys import intake
from tests.running import Hearth, until

LONG_ENOUGH = 15
"""Seconds in which an event is read, whatever else the machine has to do."""

TOO_EARLY = timedelta(minutes=5, seconds=LONG_ENOUGH)
"""Farther in the future than an event may be, but not for long."""


def letters(hearth: Hearth, service: str = "profile") -> list[dict[str, Any]]:
    """The dead letters of a service, the newest first."""
    return hearth.admin(service, "/v1/dead").body["items"]


def buried(hearth: Hearth, topic: str, event: dict[str, Any]) -> dict[str, Any]:
    """The dead letter an event becomes once it is sent to a topic: none that lay there before."""
    before = {letter["id"] for letter in letters(hearth)}
    intake.produce_binary(hearth, topic, event)
    return next_letter(hearth, event["type"], before)


def next_letter(hearth: Hearth, type_: str, before: set[str]) -> dict[str, Any]:
    """The dead letter of a type that is not among those `before`, once there is one."""

    def new() -> list[dict[str, Any]]:
        return [letter for letter in letters(hearth) if letter["type"] == type_ and letter["id"] not in before]

    return until(new, bool, "a dead letter")[0]


def test_an_event_is_traced_through_all_services(hearth: Hearth) -> None:
    visit = intake.visit()
    customer = intake.post(hearth, visit)
    done = hearth.cli("events", "trace", visit["source"], visit["id"], "--wait", "60")
    assert done.returncode == 0, done.stderr
    assert f"customer {customer}" in done.stdout
    assert "journaled  yes" in done.stdout
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    for service in ("profile", "leads", "loyalty"):
        assert "applied" in lines[service], done.stdout
    assert "crm.points.earned.v1" in lines["loyalty"]
    unknown = hearth.cli("events", "trace", "/website", "never-sent")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert "unknown_event" in unknown.stderr


def test_events_are_followed_as_they_come(hearth: Hearth) -> None:
    before, after = intake.visit(), intake.visit()
    intake.post(hearth, before)
    command = [sys.executable, "-u", "-m", "hearth.cli", "events", "tail", "-n", "1"]
    with subprocess.Popen(command, env=hearth.settings, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout is not None
        assert f"/website {before['id']}" in tail.stdout.readline()
        intake.post(hearth, after)
        line = tail.stdout.readline()
        tail.terminate()
    assert f"/website {after['id']}" in line
    assert "journaled" in line
    assert line.count("applied") >= 3
    shown = hearth.cli("events", "tail", "-n", "2", "--no-follow").stdout.splitlines()
    assert [line.split()[3] for line in shown] == [before["id"], after["id"]]


def test_a_dead_letter_is_listed_shown_and_sent_again(hearth: Hearth) -> None:
    """An event of the near future is refused; when its time is nearer, the same bytes are accepted, headers and all."""
    allowed = time.monotonic() + LONG_ENOUGH + 1
    event = intake.lead(time=(datetime.now(UTC) + TOO_EARLY).isoformat())
    letter = buried(hearth, "crm.intake.lead", event)
    listed = hearth.cli("dead", "list", "--service", "profile").stdout
    assert letter["id"] in listed
    assert f"{letter['code']} " in listed
    phone = event["data"]["contact"]["identifiers"][0]["value"]
    shown = hearth.cli("dead", "show", "profile", letter["id"])
    assert "crm.intake.lead" in shown.stdout
    assert phone not in listed + shown.stdout

    time.sleep(max(0, allowed - time.monotonic()))
    done = hearth.cli("dead", "redrive", "profile", letter["id"])
    assert done.returncode == 0, done.stderr
    assert "attempt 1" in done.stdout
    traced = until(lambda: hearth.cli("events", "trace", event["source"], event["id"]).stdout, bool, "a trace", 120)
    assert "crm.lead.captured.v1" in traced
    again = hearth.cli("dead", "redrive", "profile", letter["id"])
    assert "attempt 1" in again.stdout, "what was sent again is not sent once more"


def test_a_letter_that_is_refused_again_is_a_new_one(hearth: Hearth) -> None:
    event = intake.visit(data={"contact": {"identifiers": []}, "visit_id": "V1", "project_id": "P1"})
    first = buried(hearth, "crm.intake.visit", event)
    before = {letter["id"] for letter in letters(hearth)}
    assert hearth.cli("dead", "redrive", "profile", first["id"]).returncode == 0
    second = next_letter(hearth, event["type"], before)
    assert (second["code"], second["slot"]) == (first["code"], first["slot"])
    assert second["offset"] > first["offset"]


def test_what_is_not_there_is_not_sent(hearth: Hearth) -> None:
    for verb in ("show", "redrive"):
        done = hearth.cli("dead", verb, "loyalty", "no-such:0@1")
        assert done.returncode == 1
        assert "no dead letter has this id" in done.stderr
    assert "there is no service billing" in hearth.cli("dead", "list", "--service", "billing").stderr


def test_the_doctor_looks_at_topics_lag_and_dead_letters(hearth: Hearth) -> None:
    done = until(lambda: hearth.cli("doctor"), lambda done: done.returncode == 0, "nothing wrong", 120)
    for service in ("profile", "leads", "loyalty", "service_tickets"):
        assert f"ready {service}: " in done.stdout
        assert f"{service} is " in done.stdout
        assert f"{service} has " in done.stdout
    assert "topics: " in done.stdout


def test_the_doctor_names_what_is_wrong(hearth: Hearth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hearth.settings, "HEARTH_ADMIN_LEADS", "http://127.0.0.1:1")
    monkeypatch.setitem(hearth.settings, "HEARTH_NAMESPACE", "nobody")
    done = hearth.cli("doctor")
    assert done.returncode == 1
    assert "leads is not ready" in done.stderr
    assert "topic nobody.crm.journal does not exist" in done.stderr


def test_answers_are_json(hearth: Hearth) -> None:
    """The doors behind the commands."""
    found = hearth.http("profile", "/v1/events/latest?limit=3").body["items"]
    assert len(found) <= 3
    assert json.dumps(found)
    assert hearth.http("profile", "/v1/events/latest?after=yesterday").status == 422


def test_a_load_is_sent_and_measured(hearth: Hearth) -> None:
    done = hearth.cli("load", "--number", "50", "--rate", "50")
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert "50 sent, 0 refused, 50 applied by all four" in summary
    assert "20 of 20 traced are where they belong" in summary
    assert "p99 0.00" not in summary
