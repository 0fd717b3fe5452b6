"""The first ten minutes of the README by curl, and no more than curl."""

import json
import shutil
import subprocess
import uuid

import pytest

from tests.foreign import events
from tests.running import Hearth

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def curl(*arguments: str) -> tuple[int, dict[str, str], dict[str, object]]:
    """Status, headers and JSON of a request."""
    done = subprocess.run(["curl", "-sS", "-i", *arguments], capture_output=True, text=True, timeout=90, check=True)
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, json.loads(body)


def test_a_balance_is_looked_at_spent_and_explained(hearth: Hearth) -> None:
    who = events.someone()
    structured = [("content-type", b"application/cloudevents+json")]
    hearth.publish([(who, events.line(each).encode(), structured) for each in (events.visit(who), events.answer(who))])
    hearth.eventually(who, active=70)
    account = f"{hearth.service('loyalty').url}/v1/accounts/{who}"

    status, headers, found = curl(account)
    assert (status, found["active"]) == (200, 70)

    body = ["-H", "content-type: application/json", "-d", '{"points": 20}', f"{account}/holds"]
    key, match = ["-H", f"idempotency-key: {uuid.uuid4()}"], ["-H", f"if-match: {headers['etag']}"]
    status, _, hold = curl(*key, *match, *body)
    assert (status, hold["points"]) == (201, 20)
    assert curl(*key, *match, *body)[2] == hold, "the same key is the same hold"
    status, _, problem = curl("-H", f"idempotency-key: {uuid.uuid4()}", *match, *body)
    assert (status, problem["code"]) == (412, "precondition_failed")
    status, _, _ = curl(
        "-X", "POST", "-H", f"idempotency-key: {uuid.uuid4()}", f"{account}/holds/{hold['hold_id']}/capture"
    )
    assert status == 200

    assert curl(account)[2]["active"] == 50
    assert curl(f"{account}/explain")[2]["total"] == 50
    assert len(curl(f"{account}/statement")[2]["items"]) == 4
