"""Questions and commands by grpcurl, which knows our services by reflection alone."""

import json
import subprocess
import uuid
from datetime import UTC, datetime

import pytest

from tests.foreign import events
from tests.foreign.grpcurl import program
from tests.running import Hearth

pytestmark = pytest.mark.timeout(600)  # the first time it is built

LOYALTY, PROFILE = "hearth.loyalty.v1.LoyaltyService", "hearth.profile.v1.ProfileService"


@pytest.fixture(scope="module")
def grpcurl(request: pytest.FixtureRequest) -> str:
    """The program. Only `make test-real` builds it where it is missing."""
    return program(build=bool(request.config.getoption("--real")))


@pytest.fixture
def customer(hearth: Hearth) -> str:
    """A customer with 70 points."""
    who = events.someone()
    structured = [("content-type", b"application/cloudevents+json")]
    hearth.publish([(who, events.line(each).encode(), structured) for each in (events.visit(who), events.answer(who))])
    hearth.eventually(who, active=70)
    return who


def call(
    program: str, hearth: Hearth, service: str, *arguments: str, data: dict[str, object] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run grpcurl against a service; `arguments` are its verb or method, and headers."""
    body = [] if data is None else ["-d", json.dumps(data)]
    headers, verb = list(arguments[:-1]), arguments[-1]
    where = hearth.service(service).peer
    command = [program, "-plaintext", *headers, *body, where, *verb.split()]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def test_it_lists_what_there_is(hearth: Hearth, grpcurl: str) -> None:
    listed = call(grpcurl, hearth, "loyalty", "list").stdout.split()
    assert {LOYALTY, "grpc.health.v1.Health"} <= set(listed)
    assert "rpc GetAccount" in call(grpcurl, hearth, "loyalty", f"describe {LOYALTY}").stdout


def test_it_asks_for_the_balance(hearth: Hearth, grpcurl: str, customer: str) -> None:
    done = call(grpcurl, hearth, "loyalty", f"{LOYALTY}/GetAccount", data={"customer_id": customer})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["customer_id"], found["active"], found["qualifying"]) == (customer, "70", "70")


def test_it_asks_for_a_customer_of_the_past(hearth: Hearth, grpcurl: str, customer: str) -> None:
    """The facts happened at 10:00; before that there is nothing to know."""
    hearth.known(customer, 2)
    question = {"customer_id": customer, "as_of": "2026-03-04T01:59:59Z"}
    done = call(grpcurl, hearth, "profile", f"{PROFILE}/GetCustomer", data=question)
    assert "facts" not in json.loads(done.stdout)
    done = call(
        grpcurl, hearth, "profile", f"{PROFILE}/GetCustomer", data={**question, "as_of": "2026-03-04T02:00:00Z"}
    )
    assert json.loads(done.stdout)["facts"] == "2"
    known = {"customer_id": customer, "known_at": datetime.now(UTC).isoformat()}
    assert json.loads(call(grpcurl, hearth, "profile", f"{PROFILE}/GetCustomer", data=known).stdout)["facts"] == "2"


def test_it_holds_points(hearth: Hearth, grpcurl: str, customer: str) -> None:
    """With an idempotency key as metadata: the same command twice is one."""
    key = f"idempotency-key: {uuid.uuid4()}"
    data = {"customer_id": customer, "points": 30}
    first, second = (call(grpcurl, hearth, "loyalty", "-H", key, f"{LOYALTY}/HoldPoints", data=data) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    hearth.eventually(customer, active=40, held=30)


def test_it_shows_why_a_command_is_refused(hearth: Hearth, grpcurl: str, customer: str) -> None:
    data, key = {"customer_id": customer, "points": 71}, f"idempotency-key: {uuid.uuid4()}"
    done = call(grpcurl, hearth, "loyalty", "-H", key, f"{LOYALTY}/HoldPoints", data=data)
    assert done.returncode != 0
    assert "FailedPrecondition" in done.stderr
    assert "INSUFFICIENT_POINTS" in done.stderr
    assert hearth.account(customer)["active"] == 70


def test_it_finds_the_server_healthy(hearth: Hearth, grpcurl: str) -> None:
    done = call(grpcurl, hearth, "loyalty", "grpc.health.v1.Health/Check", data={})
    assert json.loads(done.stdout) == {"status": "SERVING"}
