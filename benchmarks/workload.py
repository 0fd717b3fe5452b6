"""What is measured: works J1 and J2 of the design, 200,000 facts of 350 bytes over 20,000 or 200,000 customers, drawn
uniformly, in 4 partitions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from confluent_kafka import Producer

from chassis.publish import SETTINGS
from contracts.envelope import encode
from contracts.fact import Fact
from contracts.facts.deals import PaymentReceived
from contracts.facts.visits import VisitCompleted
from contracts.fields import Price

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
BYTES = 350
PARTITIONS = 4


class Work(NamedTuple):
    """How many facts over how many customers."""

    facts: int
    customers: int


J1 = Work(200_000, 20_000)
J2 = Work(200_000, 200_000)
HOT = Work(20_000, 1)
QUICK = Work(20_000, 2_000)


def asked(arguments: Sequence[str]) -> Work:
    """The work of a command line: J1, or `J2` or `HOT` (one customer); with `--quick` a tenth of it."""
    work = J2 if "J2" in arguments else HOT if "HOT" in arguments else J1
    return Work(work.facts // 10, max(1, work.customers // 10)) if "--quick" in arguments else work


def facts(work: Work, seed: int = 1) -> Iterator[Fact]:
    """The facts: visits and payments in turn, each of a customer drawn uniformly."""
    dice = random.Random(seed)
    for number in range(work.facts):
        customer = customer_id(dice.randrange(work.customers))
        time = START + timedelta(seconds=number)
        data = _visit(number) if number % 2 else _payment(number)
        yield Fact("/bench", f"fact-{number}", data.TYPE, customer, time, time, data)


def customer_id(number: int) -> str:
    """The id of a customer of these works."""
    return f"01963f5e-7a10-7c31-9d52-{number:012d}"


def _visit(number: int) -> VisitCompleted:
    return VisitCompleted(visit_id=f"V{number}", project_id="P1", agent_id="agent-00017", channel="walk_in")


def _payment(number: int) -> PaymentReceived:
    amount = Price(amount="1000000.00", currency="CNY")
    return PaymentReceived(deal_id=f"D{number}", payment_id=f"PAY{number}", project_id="P1", amount=amount)


def publish(bootstrap: str, topic: str, work: Work) -> int:
    """Send the work to a topic; returns the bytes of the values."""
    producer = Producer({**SETTINGS, "bootstrap.servers": bootstrap, "queue.buffering.max.messages": 500_000})
    sent = 0  # a field that nobody knows fills every fact to the size of the work; readers ignore it
    for fact in facts(work):
        record = encode(fact)
        value = record.value[:-1] + b',"padding":"' + b"x" * (BYTES - len(record.value) - 14) + b'"}'
        sent += len(value)
        producer.produce(topic, value, record.key, headers=record.headers)
        producer.poll(0)
    producer.flush(60)
    return sent
