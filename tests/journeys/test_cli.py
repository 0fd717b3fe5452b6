"""The command line on running services: what it shows, and what it says when something is not there."""

import json
import re
from collections.abc import Iterator

import pytest

from chassis.seeing.names import METRICS
from deploy.local import stack
from deploy.local.paths import ROOT
from hearth.cli.story import BEGIN, Story
from tests.running import Hearth, running, until


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


def test_every_metric_of_the_document_is_in_a_scrape(hearth: Hearth, she: str) -> None:
    """Played, with one record that is nobody's fact: each metric has a value somewhere, and none that is not documented."""
    hearth.publish([("nobody", b"{", [("ce_type", b"crm.visit.completed.v1")])])
    until(lambda: hearth.admin("leads", "/v1/dead").body["waiting"], bool, "a dead letter")
    scrapes = {service.name: _values(hearth.admin(service.name, "/metrics").body) for service in hearth.services}
    found = {name for values in scrapes.values() for name in values}
    documented = set(re.findall(r"^\| `(hearth_[a-z_]+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
    assert documented == {metric.name for metric in METRICS}
    assert found == documented
    for values in scrapes.values():
        assert all(seconds < 3600 for seconds in values["hearth_lag_seconds"].values())
        assert sum(values["hearth_fold_seconds"].values()) > 0
        assert she not in str(values)
    signed = 'hearth_facts_total{outcome="applied",service="loyalty",type="crm.deal.signed.v1"}'
    assert scrapes["loyalty"]["hearth_facts_total"][signed] == 3
    assert sum(scrapes["leads"]["hearth_dead_letters_total"].values()) == 1
    assert sum(scrapes["leads"]["hearth_dead_letters_waiting"].values()) == 1


def _values(scrape: str) -> dict[str, dict[str, float]]:
    """Metric -> sample -> value, of our metrics; of a histogram, its count."""
    values: dict[str, dict[str, float]] = {}
    for line in scrape.splitlines():
        if line.startswith("hearth_") and "_bucket{" not in line and "_sum{" not in line:
            name = line.partition("{")[0].removesuffix("_count")
            values.setdefault(name, {})[line.rpartition(" ")[0]] = float(line.rpartition(" ")[2])
    return values


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
