"""The command line on running services: what it shows, and what it says when something is not there. And what is seen of
these services from outside, in a scrape and in traces.
"""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.seeing.names import METRICS
from deploy.local import stack
from deploy.local.paths import ROOT
from hearth.cli.story import BEGIN, Story
from tests.collector import Collector, Span, collecting
from tests.journeys import intake
from tests.running import Hearth, headers_of, running, until


@pytest.fixture(scope="module")
def hearth(engines: stack.Engines, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Four services whose clocks stand where the story begins, and which tell the collector what they do."""
    folder = tmp_path_factory.mktemp("cli")
    with running(engines, folder, HEARTH_CLOCK=BEGIN, HEARTH_OTLP_ENDPOINT=collector.url) as hearth:
        yield hearth


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Takes their traces."""
    with collecting() as collector:
        yield collector


@pytest.fixture
def she(hearth: Hearth) -> str:
    """The story's customer, with the story told."""
    done = hearth.cli("story", "check", "--patience", "200")  # `play` does not wait for a service that stands still
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


def test_ready_tells_each_door_or_what_speaks_against_it(hearth: Hearth) -> None:
    told = hearth.cli("ready", "--within", "30")
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.split()) == 8
    nobody = hearth.cli("ready", "http://127.0.0.1:1", "--within", "0")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "hearth: not ready: http://127.0.0.1:1: no answer" in nobody.stderr
    assert "give http://host:port" in hearth.cli("ready", "127.0.0.1:7101").stderr


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
    documented = set(re.findall(r"^\| `(hearth_[a-z_]+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
    assert documented == {metric.name for metric in METRICS}

    def scrape() -> dict[str, dict[str, dict[str, float]]]:
        return {service.name: _values(hearth.admin(service.name, "/metrics").body) for service in hearth.services}

    scrapes = until(  # a sample that is not there within two seconds is absent; a count follows what it counts
        scrape,
        lambda found: (
            {name for values in found.values() for name in values} == documented
            and all("hearth_lag_seconds" in values for values in found.values())
            and sum(found["leads"]["hearth_dead_letters_total"].values()) == 1
            and sum(found["leads"]["hearth_dead_letters_waiting"].values()) == 1
        ),
        f"{documented}, one dead letter",
    )
    for values in scrapes.values():
        assert all(seconds < 3600 for seconds in values["hearth_lag_seconds"].values())
        assert sum(values["hearth_fold_seconds"].values()) > 0
        assert she not in str(values)
    signed = 'hearth_facts_total{outcome="applied",service="loyalty",type="crm.deal.signed.v1"}'
    assert scrapes["loyalty"]["hearth_facts_total"][signed] == 3


def _values(scrape: str) -> dict[str, dict[str, float]]:
    """Metric -> sample -> value, of our metrics; of a histogram, its count."""
    values: dict[str, dict[str, float]] = {}
    for line in scrape.splitlines():
        if line.startswith("hearth_") and "_bucket{" not in line and "_sum{" not in line:
            name = line.partition("{")[0].removesuffix("_count")
            values.setdefault(name, {})[line.rpartition(" ")[0]] = float(line.rpartition(" ")[2])
    return values


def _told(hearth: Hearth, **changes: str) -> tuple[dict[str, Any], str]:
    """An event of the time that Hearth has, sent to its door with a trace of its own; and the trace's id."""
    trace = uuid.uuid4().hex
    sent = intake.visit(time=hearth.admin("profile", "/v1/clock").body["now"], **changes)
    headers = {"content-type": "application/cloudevents+json", "traceparent": f"00-{trace}-{'ab' * 8}-01"}
    answer = hearth.http("profile", "/v1/events", body=sent, headers=headers)
    assert answer.status == 202, answer
    return sent, trace


def test_a_trace_goes_through_http_kafka_grpc_and_the_database(hearth: Hearth, collector: Collector) -> None:
    sent, trace = _told(hearth)
    journal, own = hearth.journal, f"{hearth.namespace}.crm.fact.loyalty"
    wanted = {
        ("hearth.profile", "SERVER", "POST /v1/events"),
        ("hearth.profile", "CLIENT", "insert inbox"),
        ("hearth.profile", "PRODUCER", f"send {journal}"),
        *((f"hearth.{s}", "CLIENT", f"poll {journal}") for s in ("profile", "leads", "loyalty", "service_tickets")),
        *(
            (f"hearth.{s}", "CONSUMER", f"process {journal}")
            for s in ("profile", "leads", "loyalty", "service_tickets")
        ),
        ("hearth.loyalty", "CLIENT", "insert accounts.chain"),
        ("hearth.loyalty", "PRODUCER", f"send {own}"),
    }
    _all_of(collector, trace, wanted - {w for w in wanted if w[0] == "hearth.service_tickets"})

    def parents() -> list[str]:
        by_id = {span.id: span for span in collector.of(trace)}
        told = next(span for span in by_id.values() if span.name == f"send {own}")
        names = [told.name]
        while told.parent in by_id:
            told = by_id[told.parent]
            names.append(told.name)
        return names

    line = [f"send {own}", f"process {journal}", f"poll {journal}", f"send {journal}", "POST /v1/events"]
    until(parents, lambda names: names == line, str(line))
    path = f"/v1/events?source={sent['source']}&id={sent['id']}"

    def ask() -> str:
        name = uuid.uuid4().hex
        found = hearth.http("profile", path, headers={"traceparent": f"00-{name}-{'ab' * 8}-01"}).body
        return name if "unavailable" not in {place["state"] for place in found["services"].values()} else ""

    asked = until(ask, bool, "an answer of every service within the second that each has")
    call = "hearth.facts.v1.FactsService/GetFact"
    _all_of(collector, asked, {("hearth.profile", "CLIENT", call), ("hearth.loyalty", "SERVER", call)})
    phone = sent["data"]["contact"]["identifiers"][0]["value"].encode()
    assert not [raw for raw in collector.raw if phone in raw]
    assert not any(span.events or span.failed for span in (*collector.of(trace), *collector.of(asked)))


def _all_of(collector: Collector, trace: str, wanted: set[tuple[str, str, str]]) -> None:
    """Wait until these spans of a trace (service, kind, name) have come."""
    until(
        lambda: {(span.service, span.kind, span.name) for span in collector.of(trace)},
        lambda found: wanted <= found,
        str(wanted),
    )


def test_the_origin_of_a_fact_is_never_rewritten(hearth: Hearth, collector: Collector) -> None:
    """What a sender says where an event comes from stands on everything that follows; the hop changes with each."""
    until(
        lambda: _noted(hearth), lambda names: names >= {"crm.journal", "crm.fact.loyalty"}, "no topic is new any more"
    )
    sent, trace = _told(hearth, traceparent=f"00-{uuid.uuid4().hex}-b7ad6b7169203331-01")
    mine = sent["id"].encode()
    until(
        lambda: hearth.cli("events", "trace", sent["source"], sent["id"]).stdout,
        lambda text: "crm.points" in text,
        "points",
        120,
    )
    origin = sent["traceparent"]
    accepted = [headers for headers in _headers(hearth, "crm.journal") if headers.get("ce_id") == mine]
    earned = until(  # it is in the chain before it is in the topic
        lambda: [
            headers
            for headers in _headers(hearth, "crm.fact.loyalty")
            if headers.get("ce_traceparent") == origin.encode()
        ],
        bool,
        "the points in the topic",
    )
    assert len({headers["ce_id"] for headers in accepted}) == 1
    assert len({headers["ce_id"] for headers in earned}) == 1
    for headers in (*accepted, *earned):
        assert headers["ce_traceparent"] == origin.encode()
        assert headers["traceparent"].decode().split("-")[1] == trace
    assert accepted[0]["traceparent"] != earned[0]["traceparent"]
    linked = until(lambda: _processed(collector, hearth.journal, trace), bool, "a span that processes it")
    assert all(origin.split("-")[1] in span.links for span in linked)


def _processed(collector: Collector, journal: str, trace: str) -> list[Span]:
    return [span for span in collector.of(trace) if span.name == f"poll {journal}"]


def _noted(hearth: Hearth) -> set[str]:
    """Topics whose owners know that they have got everything: into new ones all is said again, by no request's hop."""
    with MongoClient[Any](hearth.engines.mongo_url) as client:
        names = [each for each in client.list_database_names() if each.startswith(f"{hearth.namespace}_hearth_")]
        return {
            topic["_id"].removeprefix(f"{hearth.namespace}.")
            for name in names
            for topic in client[name]["topics"].find()
        }


def _headers(hearth: Hearth, topic: str) -> list[dict[str, bytes]]:
    return [headers_of(message) for message in hearth.records(topic)]


def test_the_doctor_finds_all_services_ready(hearth: Hearth) -> None:
    done = until(lambda: hearth.cli("doctor"), lambda done: done.returncode == 0, "nothing wrong", 120)
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
