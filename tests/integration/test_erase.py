"""`task erase`, as `docs/operations/erase.md` says to run it: nothing of the person is left, and nobody else is touched."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.integration.test_events import CANARY, customer_of, key, phone, post, visit, who
from tests.running import Hearth

pytestmark = pytest.mark.integration

WHY = "asked by letter of 2026-11-02"


def erase(hearth: Hearth, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the task beside the running service."""
    command = [sys.executable, "-m", "services.profile", "task", "erase", *arguments]
    return subprocess.run(command, env=hearth.settings, capture_output=True, text=True, timeout=120, check=False)


def told(done: subprocess.CompletedProcess[str]) -> Any:
    """What the task printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def values(hearth: Hearth, customer: str) -> list[Any]:
    """What profile shows of a person."""
    return hearth.http("profile", f"/v1/customers/{customer}/personal").body["values"]


def search(hearth: Hearth, number: str) -> Any:
    """Who is known by a phone number."""
    return hearth.http("profile", "/v1/customers/search", body={"type": "phone", "value": number}).body


def test_a_person_is_erased_under_all_names_and_nobody_else(hearth: Hearth) -> None:
    numbers = [phone() for _ in range(3)]
    a, b, other = (customer_of(post(hearth, visit(who(("phone", each), name=CANARY)))) for each in numbers)
    merged = hearth.http("profile", f"/v1/customers/{a}/merge", body={"with": b}, headers=key())
    assert merged.status == 200, merged
    survivor = merged.body["survivor"]
    assert CANARY[:1] in json.dumps(values(hearth, survivor), ensure_ascii=False)

    counted = told(erase(hearth, a))
    assert (counted["customers"], counted["erased"]) == (sorted((a, b)), False)
    assert (counted["keys"], counted["sealed"], counted["claims"]) == (2, 2, 2)
    assert values(hearth, survivor), "counting erases nothing"

    done = told(erase(hearth, b, WHY))
    assert {**counted, "erased": True} == done
    assert values(hearth, survivor) == []
    assert [search(hearth, each).get("code") for each in numbers] == ["unknown_customer", "unknown_customer", None]
    again = told(erase(hearth, a, WHY))
    assert (again["keys"], again["sealed"], again["claims"]) == (0, 0, 0)

    refused = post(hearth, visit({"customer_id": a}))
    assert refused.body["code"] == "erased_customer", refused
    newcomer = customer_of(post(hearth, visit(who(("phone", numbers[0])))))
    assert newcomer not in (a, b), "whoever comes with this number later is somebody new"
    assert values(hearth, other)
    (entry, *_) = [each for each in hearth.admin("profile", "/v1/audit").body["items"] if each["why"] == WHY]
    assert (entry["operation"], entry["what"], entry["door"]) == ("customer.erase", {"customer_id": min(a, b)}, "task")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "erase CUSTOMER [WHY]"),
        (("a", "because it was asked", "x"), 2, "erase CUSTOMER [WHY]"),
        (("a", "why"), 2, "at least 5 characters"),
        (("nobody",), 1, "unknown_customer: no customer has the id nobody"),
    ],
)
def test_what_cannot_be_meant_is_refused(hearth: Hearth, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = erase(hearth, *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
