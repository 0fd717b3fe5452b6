"""The peers' aggregation: a batch of facts does what its facts do one by one, and what is stored is counted right."""

import json
import sys
from typing import Any

from benchmarks import against
from benchmarks.peers.shared import DECIDES, Watch, change, together
from benchmarks.workload import J1, J2, Work, asked, facts
from contracts.envelope import encode


def as_changes(work: Work) -> list[tuple[str, dict[str, Any]]]:
    records = [(fact, encode(fact)) for fact in facts(work)]
    return [
        (fact.subject, change(fact.type, dict(record.headers)["ce_time"].decode(), json.loads(record.value)))
        for fact, record in records
    ]


def applied(changes: list[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What MongoDB would hold, with dotted names as they are."""
    documents: dict[str, dict[str, Any]] = {}
    for customer, update in changes:
        there = documents.setdefault(customer, {})
        for operator, fields in update.items():
            for field, value in fields.items():
                there[field] = DECIDES[operator](there[field], value) if field in there else value
    return documents


def test_a_batch_does_what_its_facts_do_one_by_one() -> None:
    changes = as_changes(Work(200, 10))
    assert applied(list(together(changes).items())) == applied(changes)


def test_money_becomes_fen() -> None:
    said = {"project_id": "P1", "amount": {"amount": "1000000.05", "currency": "CNY"}}
    assert change("crm.deal.payment_received.v1", "2026-03-02T01:00:00Z", said) == {
        "$inc": {"kinds.crm_deal_payment_received_v1.count": 1, "paid": 100_000_005},
        "$min": {"kinds.crm_deal_payment_received_v1.first": "2026-03-02T01:00:00Z"},
        "$max": {
            "kinds.crm_deal_payment_received_v1.last": "2026-03-02T01:00:00Z",
            "projects.P1": "2026-03-02T01:00:00Z",
        },
    }


def test_what_is_stored_is_counted() -> None:
    documents = [{"kinds": {"a": {"count": 2}, "b": {"count": 1}}, "paid": 7}, {"kinds": {"a": {"count": 4}}}]
    assert against.stored(documents) == (7, 7)
    assert against.expected(Work(3, 1)) == (3, 200_000_000)


def test_the_line_of_a_peer_is_the_first_whole_object() -> None:
    assert against.line_of('a warning\n{"per_second": 1}\nmore\n') == '{"per_second": 1}\n'
    assert against.line_of('{"per_sec') is None


def test_the_watch_prints_once_and_leaves_out_what_came_before_the_clock(capsys: Any) -> None:
    watch = Watch(3)
    for _ in range(5):
        watch.done()
    assert watch.skipped == 1
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_work_asked_for() -> None:
    assert asked([]) == J1
    assert asked(["J2"]) == J2
    assert asked(["J2", "--quick"]) == Work(20_000, 20_000)


def test_peers_run_in_their_own_environment_and_stock_faust_in_ours() -> None:
    assert against.python_of("durable_faust") == sys.executable
    assert "bench-venv" in against.python_of("durable_quix")
    assert against.command("delivery_faststream_batch")[2:] == ["benchmarks.peers.delivery_faststream", "--batch"]
    assert against.command("durable_batch_best")[2:] == ["benchmarks.peers.durable_batch_best"]
