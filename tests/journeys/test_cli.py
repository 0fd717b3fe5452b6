"""The command line on running services: what it shows, and what it says when something is not there."""

import json
from collections.abc import Iterator

import pytest

from deploy.local import stack
from hearth.cli.story import BEGIN, Story
from tests.running import Hearth, running


@pytest.fixture(scope="module")
def hearth(engines: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Four services whose clocks stand where the story begins."""
    with running(engines, tmp_path_factory.mktemp("cli"), HEARTH_CLOCK=BEGIN) as hearth:
        yield hearth


@pytest.fixture
def she(hearth: Hearth) -> str:
    """The story's customer, with the story told."""
    done = hearth.cli("story", "play")
    assert done.returncode == 0, done.stderr
    found = hearth.http("profile", "/v1/customers/search", body=Story().people["she"]["phone"])
    return found.body["customer_id"]


def test_a_customer_is_shown_now_and_as_it_was(hearth: Hearth, she: str) -> None:
    now = json.loads(hearth.cli("customer", "show", she, "--json").stdout)
    assert (now["facts"], now["totals"]["cancelled"]["amount"]) == (11, "100000.00")
    then = hearth.cli("customer", "show", she, "--as-of", "2026-03-12T12:00:00+08:00")
    assert "8 facts" in then.stdout
    assert "1000000.00 CNY" in then.stdout
    assert "crm.deal.payment_received.v1 /story D1-paid" in then.stdout
    assert "cancelled" not in then.stdout


def test_an_account_is_shown_told_and_explained(hearth: Hearth, she: str) -> None:
    assert json.loads(hearth.cli("account", "show", she, "--json").stdout)["active"] == 21090
    lines = json.loads(hearth.cli("account", "statement", she, "--json").stdout)
    assert (lines[-1]["active"], lines[-1]["pending"]) == (21090, 1100)
    told = hearth.cli("account", "explain", she, "--balance", "pending").stdout
    assert "pending = 1100" in told
    friend = hearth.http("profile", "/v1/customers/search", body=Story().people["F"]["phone"]).body["customer_id"]
    reasons = hearth.cli("account", "explain", friend).stdout
    assert "active = 6500" in reasons
    assert "D3" in reasons


def test_the_doctor_finds_all_services_ready(hearth: Hearth) -> None:
    done = hearth.cli("doctor")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ready") == 4


def test_what_is_not_there_is_said_in_one_line(hearth: Hearth, monkeypatch: pytest.MonkeyPatch) -> None:
    for part, code in (("customer", "unknown_customer"), ("account", "unknown_account")):
        unknown = hearth.cli(part, "show", "nobody")
        assert unknown.returncode == 1
        assert code in unknown.stderr
        assert unknown.stderr.count("\n") == 1
    monkeypatch.setitem(hearth.settings, "HEARTH_URL_LOYALTY", "http://127.0.0.1:1")
    monkeypatch.setitem(hearth.settings, "KAFKA_BOOTSTRAP", "127.0.0.1:1")
    silent = hearth.cli("account", "show", "nobody")
    assert silent.returncode == 1
    assert "loyalty does not answer at http://127.0.0.1:1" in silent.stderr
    assert "make run" in silent.stderr
    assert "no broker answers at 127.0.0.1:1" in hearth.cli("story", "play").stderr
