"""The runbook under the faults it is for: each is put in, its alert's metric shows it, what the section says to type is typed.

Alerts whose sections say nothing to type at Hearth are named; `BY_HAND` is not a way round: a command in them fails the test.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local import stack
from deploy.testing import policy, render, seen
from tests.integration.test_webhooks import Receiver, deliveries, webhook
from tests.journeys import intake
from tests.running import Hearth, request, running, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BY_HAND = {"HearthZombies", "HearthSlow", "HearthRestarts", "HearthMixedReleases"}
"""What to do about these is done in the cluster: limits, numbers of pods, a rollout."""

RATE = 600
"""A hold of 15 minutes is over in a second and a half."""

SECTIONS = {part.split("\n", 1)[0]: part for part in seen.RUNBOOK.read_text().split("\n## ")[1:]}


def commands(alert: str) -> list[list[str]]:
    """What the section of an alert says to type after `hearth`."""
    return [line.split() for line in re.findall(r"`hearth ([a-z][^`]*)`", SECTIONS[alert])]


def shown(hearth: Hearth, metric: str, **labels: str) -> float:
    """The largest value of a metric in a scrape of all services that answer; 0 if none has it."""
    found = [0.0]
    for service in hearth.services:
        try:
            text = str(request(f"http://127.0.0.1:{service.admin}/metrics", None, {}, "").body)
        except OSError:
            continue
        for name, value in re.findall(rf"^({metric}(?:\{{.*\}})?) (\S+)$", text, re.MULTILINE):
            if all(f'{key}="{wanted}"' in name for key, wanted in labels.items()):
                found.append(float(value))
    return max(found)


def follow(hearth: Hearth, *alerts: str, **named: str) -> str:
    """Type what these sections say, with their placeholders filled in; what was printed. Only the doctor may end with 1."""
    printed = ""
    for words in (words for alert in alerts for words in commands(alert)):
        done = hearth.cli(*(named.get(word, word) for word in words))
        assert done.returncode == 0 or words == ["doctor"], (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        printed += done.stdout + done.stderr
    return printed


TRIED: set[str] = set()


def under(*alerts: str) -> Callable[[Any], Any]:
    """A test that puts in the fault of these alerts."""
    TRIED.update(alerts)
    return lambda test: test


@pytest.fixture(scope="module")
def broken(make_engines: Callable[..., stack.Engines]) -> stack.Engines:
    """Engines that may be broken."""
    return make_engines()


@pytest.fixture(scope="module")
def house(broken: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Services that may be broken, and may post to this machine."""
    folder = tmp_path_factory.mktemp("runbook")
    clock = f"{datetime.now(UTC).isoformat()}x{RATE}"
    with running(broken, folder, HEARTH_WEBHOOK_NETWORKS="127.0.0.0/8", HEARTH_CLOCK=clock) as hearth:
        yield hearth


def test_what_is_typed_at_the_cluster_is_there() -> None:
    """Every `deploy/…`, `svc/…`, selector and task in the runbook is one of the chart or of a service."""
    docs = render.golden("production")
    names = {policy.name_of(each).split()[-1].rpartition("/")[2] for each in docs}
    text = seen.RUNBOOK.read_text()
    named = set(re.findall(r"\bdeploy/([a-z-]+)", text))
    assert named
    assert named <= names
    labels = [each["metadata"].get("labels", {}) for each in docs]
    for key, value in re.findall(r"-l ([\w./-]+)=(\w+)", text):
        assert any(each.get(key) == value for each in labels), key
    for task in re.findall(r"task ([a-z-]+)", text):
        assert task in ("accept-gap", "finalize", "after-restore", "rebuild-views"), task


@under("HearthDeadLetters", "HearthDeadLettersFlood")
def test_dead_letters(house: Hearth) -> None:
    for _ in range(120):
        intake.produce_binary_soon(house, "crm.intake.visit", intake.visit() | {"type": "crm.visit.completed.v9"})
    until(lambda: shown(house, "hearth_dead_letters_waiting"), lambda count: count >= 120, "120 letters", 120)
    assert shown(house, "hearth_dead_letters_total") > 100
    letter = house.admin("profile", "/v1/dead").body["items"][0]
    named = {
        "SERVICE": "profile",
        "ID": letter["id"],
        "CODE": letter["code"],
        "WHY": "a mistake of the sender's",
        "POINTER=JSON": '/headers/ce_type="crm.visit.completed.v1"',
    }
    printed = follow(house, "HearthDeadLetters", "HearthDeadLettersFlood", **named)
    assert letter["code"] in printed
    assert "120 would be sent again" in printed
    until(lambda: house.admin("profile", f"/v1/dead/{letter['id']}").body["redriven_at"], bool, "sent again")


@under("HearthServiceAbsent")
def test_a_service_is_absent(house: Hearth) -> None:
    process = process_of(house, "leads")
    process.stop()
    try:
        assert shown(house, "hearth_build_info", service="leads") == 0
        assert "service_down" in house.cli("doctor").stdout
        assert commands("HearthServiceAbsent") == []
    finally:
        back(house, "leads")


@under("HearthLaneStopped", "HearthBehind", "HearthFarBehind")
def test_a_lane_stops_and_is_behind(house: Hearth) -> None:
    """A partition of leads belongs to a release that does not run here; what comes to it waits."""
    process_of(house, "leads").stop()
    with house.database("leads") as database:
        database["slots"].update_many({"table": {"$exists": True}}, {"$set": {"table": 99}})
    try:
        process_of(house, "leads").spawn()  # with a lane that stopped it is never ready
        until(lambda: shown(house, "hearth_lanes", service="leads", state="stopped"), bool, "a stopped lane")

        def behind() -> float:
            intake.post(house, intake.visit())
            return shown(house, "hearth_lag_seconds", service="leads")

        until(behind, lambda seconds: seconds > 1, "leads behind", 120)
        printed = follow(house, "HearthLaneStopped", "HearthBehind", "HearthFarBehind")
        assert "slot_newer" in printed or "lane_stopped" in printed
        assert "leads" in house.cli("lag").stdout
    finally:
        process_of(house, "leads").stop()
        with house.database("leads") as database:
            database["slots"].update_many({"table": 99}, {"$set": {"table": 1}})
        back(house, "leads")
    until(lambda: shown(house, "hearth_lag_records", service="leads"), lambda left: left == 0, "leads caught up")


@under("HearthTimersLate")
def test_timers_are_late(house: Hearth) -> None:
    """Nobody says how far intake is, so a hold that is over is not ended."""
    customer = intake.post(house, intake.visit())
    house.eventually(customer, active=50)
    process_of(house, "profile").stop()
    try:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        held = house.http("loyalty", f"/v1/accounts/{customer}/holds", body={"points": 10}, headers=key)
        assert held.status == 201, held
        until(lambda: shown(house, "hearth_due_lag_seconds", service="loyalty"), lambda late: late > 300, "late", 120)
        assert "service_down" in follow(house, "HearthTimersLate", SERVICE="loyalty")
    finally:
        back(house, "profile")  # its clock begins where it began before, and comes up to the hold's end after a while
    ended = {"active": 50, "held": 0}.items()
    until(lambda: house.account(customer).items(), lambda found: ended <= found, "the hold has ended", 400)


@under("HearthReplays", "HearthNotAsked")
def test_the_database_is_away(house: Hearth, broken: stack.Engines) -> None:
    assert broken.database is not None
    broken.database.stop()
    try:
        intake.produce_binary(house, "crm.intake.visit", intake.visit())
        until(lambda: shown(house, "hearth_samples_failed_total"), bool, "questions without an answer", 120)
        assert "not_asked" in follow(house, "HearthNotAsked")
        until(lambda: shown(house, "hearth_batch_replays_total"), bool, "a batch tried again", 120)
    finally:
        broken.database.start()
    logs = "".join(path.read_text(errors="replace") for path in house.log_dir.glob("*.log"))
    (word,) = re.findall(r"grep (\w+)`", SECTIONS["HearthReplays"])
    assert f'"event": "{word}"' in logs
    until(lambda: house.cli("doctor"), lambda done: done.returncode == 0, "all is well again", 120)


@under("HearthOutboxWaits")
def test_what_is_written_is_not_published(house: Hearth, broken: stack.Engines) -> None:
    customer = intake.post(house, intake.visit())
    house.eventually(customer, active=50)
    assert broken.broker is not None
    broken.broker.pause()
    try:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        url = f"{house.service('loyalty').url}/v1/accounts/{customer}/holds"
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(request, url, {"points": 10}, key, "")
            until(lambda: shown(house, "hearth_outbox_age_seconds", service="loyalty"), bool, "an outbox", 60)
            printed = follow(house, "HearthOutboxWaits")
            broken.broker.resume()
            assert asked.result().status in (201, 503, 504)
        assert "broker_down" in printed or "outbox_waits" in printed
    finally:
        broken.broker.resume()
    until(lambda: shown(house, "hearth_outbox_age_seconds"), lambda age: age == 0, "published", 120)


@under("HearthWebhooksFail")
def test_a_webhook_is_gone(house: Hearth) -> None:
    """Its receiver says that it is gone: the subscription is switched off, until somebody enables it."""
    receiver = Receiver()
    try:
        receiver.says["/gone"] = lambda _event: 410
        made = webhook(house, f"{receiver.url}/gone")["webhook_id"]

        def switched_off() -> float:
            intake.post(house, intake.visit())
            return shown(house, "hearth_webhook_attempts_total", outcome="gone")

        until(switched_off, bool, "gone", 120)
        listed = {each["webhook_id"]: each for each in house.http("profile", "/v1/webhooks").body["items"]}
        assert made in listed
        (failed, *_) = until(lambda: deliveries(house, made), bool, "a delivery to show")
        receiver.says["/gone"] = lambda _event: 200
        before = len(receiver.got["/gone"])
        assert house.http("profile", f"/v1/webhooks/{made}/enable", method="POST").status == 200
        place = f"/v1/webhooks/{made}/deliveries/{failed['message_id']}/retry"
        assert house.http("profile", place, method="POST").status == 202
        until(lambda: len(receiver.got["/gone"]), lambda count: count > before, "sent again", 60)
    finally:
        receiver.stop()


def test_every_alert_is_tried_here_or_says_nothing_to_type() -> None:
    assert {rule["alert"] for rule in seen.rules()} == TRIED | BY_HAND
    assert not TRIED & BY_HAND
    assert [alert for alert in sorted(BY_HAND) if commands(alert)] == []


def process_of(house: Hearth, name: str) -> Any:
    """The process of a service."""
    return next(each for each in house.running if each.name == name)


def back(house: Hearth, name: str) -> None:
    """Start a service that ended, and wait until it is ready."""
    process = process_of(house, name)
    if not process.alive:
        process.spawn()
    process.wait_until(house.service(name).is_ready, 120)
