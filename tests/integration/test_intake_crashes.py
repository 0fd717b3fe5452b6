"""Profile dies at each step of resolve and is started again: every event is in the journal once, and nobody is two."""

import json
import time
from pathlib import Path

import pytest

from deploy.local import services, stack
from tests.integration.test_events import CLOUDEVENT, journal, new, phone, send, visit, who
from tests.running import Hearth, headers_of, running, until

PLACES = ("make.after", "new_keys.after", "join.after", "put.after", "add.after", "publish.before", "publish.after")


@pytest.fixture
def own(engines: stack.Engines, tmp_path: Path) -> Hearth:  # type: ignore[misc]
    with running(engines, tmp_path) as hearth:
        yield hearth  # type: ignore[misc]


def restart(hearth: Hearth, **settings: str) -> None:
    """Start profile again, after it has ended; one that is to die may do so before it is ready."""
    place = next(n for n, process in enumerate(hearth.running) if process.name == "profile")
    hearth.running[place].stop()
    service = hearth.service("profile")
    hearth.running[place] = services.process(service, hearth.role, {**hearth.settings, **settings}, hearth.log_dir)
    hearth.running[place].spawn()
    if not settings:
        hearth.running[place].wait_until(service.is_ready, 180)


@pytest.mark.slow
def test_every_event_is_in_the_journal_once_whatever_died(own: Hearth) -> None:
    sent, people = {}, 0
    for place in PLACES:
        restart(own, HEARTH_CRASH_AT=f"resolve.{place}")
        a, b = ("phone", phone()), ("wechat_openid", new())
        events = [visit(who(a)), visit(who(b)), visit(who(a, b))]
        for event in events:
            sent[event["id"]] = json.dumps(event).encode()
        send(own, "crm.intake.visit", *(sent[event["id"]] for event in events), headers=CLOUDEVENT, key_=new())
        people += 1
        process = next(process for process in own.running if process.name == "profile")
        until(lambda process=process: process.alive, lambda alive: not alive, f"death at {place}", 180)
        restart(own)
    with own.database("profile") as database:
        until(lambda: database["inbox"].count_documents({}), lambda found: found == len(sent), "all", 180)
        until(lambda: database["links"].count_documents({"todo": 1}), lambda found: found == 0, "all told", 180)
        time.sleep(2)
        edges = database["links"].count_documents({"kind": "edge"})
        customers = set(database["inbox"].distinct("customer"))
    told: dict[str, set[tuple[bytes, bytes]]] = {}
    for message in journal(own):
        headers = headers_of(message)
        if headers.get("ce_source") == b"/test":
            told.setdefault(headers["ce_id"].decode(), set()).add((message.key(), message.value()))
    assert told.keys() == sent.keys()
    assert all(len(forms) == 1 for forms in told.values())
    assert len(customers) - edges == people
