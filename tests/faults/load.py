"""A seeded stream of facts, duplicates and rubbish, straight to the journal at a steady rate."""

import json
import os
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import KafkaException, Producer

SOURCE = "/load"
HOT = "customer-00"
FIRST = datetime(2025, 6, 2, 1, tzinfo=UTC)
RECORDED = datetime(2026, 5, 31, tzinfo=UTC)
DEALS = 12
"""Deals per customer, few enough that none is folded away."""

Event = dict[str, Any]


def seeded(own: int) -> int:
    """The seed of a run: `SEED` of the environment, or the test's own."""
    return int(os.environ.get("SEED") or own)


def customers(count: int) -> list[str]:
    """Ids of the customers; the first one is hot."""
    return [f"customer-{number:02}" for number in range(count)]


def spends(customer: str) -> bool:
    """Whether commands go to this customer: then no fact ever takes active points back, so that no debt arises."""
    return int(customer[-2:]) % 2 == 0


class Story:
    """Facts without end, the same for the same seed; `first` gives every customer something to spend.

    `hot`: the share of the facts that is the hot customer's. `born`: customers one after another instead of all at
    once: so many facts come between two new ones, and only the newest `count` still do anything.
    """

    def __init__(self, seed: int, count: int = 40, hot: float = 1 / 3, born: int = 0) -> None:
        self.dice, self.hot, self.count, self.born = random.Random(seed), hot, count, born
        self.customers = customers(count)
        self.number = 0
        self.paid: dict[str, int] = {}
        self.cancelled: dict[str, int] = {}

    def first(self) -> Iterator[Event]:
        """A deal of each customer, signed and partly paid."""
        for customer in self.customers:
            deal = f"{customer}-d0"
            self.paid[deal] = 4_000_000
            yield self._event("crm.deal.signed.v1", customer, deal_id=deal, project_id="P1", price=money(10_000_000))
            yield self._event(
                "crm.deal.payment_received.v1",
                customer,
                deal_id=deal,
                payment_id=f"{deal}-first",
                amount=money(4_000_000),
            )

    def next(self) -> Event:
        """The next fact."""
        if self.born and self.number % self.born == 0:
            self.customers.append(f"customer-{len(self.customers):02}")
        customer = HOT if self.dice.random() < self.hot else self.dice.choice(self.customers[self._youngest() :])
        kinds = (self._visit, self._survey, self._deal)
        return self.dice.choices(kinds, (40, 20, 40))[0](customer)

    def _youngest(self) -> int:
        """Where those begin who still do something; the first one is hot, and not among them."""
        return max(1, len(self.customers) - self.count)

    def _event(self, type_: str, customer: str, **data: Any) -> Event:
        self.number += 1
        time_ = FIRST + timedelta(minutes=self.dice.randrange(500_000))
        return {
            "source": SOURCE,
            "id": f"f{self.number:07}",
            "type": type_,
            "subject": customer,
            "time": time_,
            "data": data,
        }

    def _visit(self, customer: str) -> Event:
        return self._event(
            "crm.visit.completed.v1", customer, visit_id=f"v{self.number}", project_id=f"P{self.dice.randrange(3)}"
        )

    def _survey(self, customer: str) -> Event:
        about = {"kind": "visit", "id": f"v{self.dice.randrange(100)}"}
        return self._event(
            "crm.survey.answered.v1",
            customer,
            instrument="csat",
            stage="viewing",
            about=about,
            answers=[{"value": self.dice.randint(1, 5), "min": 1, "max": 5}],
        )

    def _deal(self, customer: str) -> Event:
        deal = f"{customer}-d{self.dice.randrange(DEALS)}"
        kind = self.dice.random()
        if deal not in self.paid and kind < 0.8:
            self.paid[deal] = 0
            return self._event("crm.deal.signed.v1", customer, deal_id=deal, project_id="P1", price=money(10_000_000))
        if kind < 0.85:
            return self._pay(customer, deal)
        if kind < 0.95 or spends(customer):
            return self._cancel(customer, deal)
        if kind < 0.97:
            return self._event("crm.deal.handed_over.v1", customer, deal_id=deal)
        return self._event(
            "crm.deal.changed.v1", customer, deal_id=deal, price=money(self.dice.randrange(8_000_000, 12_000_000))
        )

    def _pay(self, customer: str, deal: str) -> Event:
        """An instalment, perhaps before the signing; in sum at most 60 % of the price."""
        amount = min(self.dice.randrange(1_000, 40_000), 6_000_000 - self.paid.get(deal, 0))
        if amount <= 0:
            return self._visit(customer)
        self.paid[deal] = self.paid.get(deal, 0) + amount
        return self._event(
            "crm.deal.payment_received.v1",
            customer,
            deal_id=deal,
            payment_id=f"p{self.number}",
            amount=money(amount, self.dice.randrange(100)),
        )

    def _cancel(self, customer: str, deal: str) -> Event:
        """A part of the deal; of customers who spend only what was never paid."""
        limit = 1_000_000 if spends(customer) else 9_000_000
        amount = min(self.dice.randrange(1_000, limit // 20), limit - self.cancelled.get(deal, 0))
        if amount <= 0:
            return self._visit(customer)
        self.cancelled[deal] = self.cancelled.get(deal, 0) + amount
        return self._event(
            "crm.deal.cancelled.v1", customer, deal_id=deal, stage="signed", cancelled_amount=money(amount)
        )


def money(yuan: int, fen: int = 0) -> dict[str, str]:
    """An amount as the events carry it."""
    return {"amount": f"{yuan}.{fen:02}", "currency": "CNY"}


def record(event: Event) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers (binary mode) of an event."""
    headers = {
        "specversion": "1.0",
        "type": event["type"],
        "source": event["source"],
        "id": event["id"],
        "subject": event["subject"],
        "time": event["time"].isoformat(),
        "recordedat": RECORDED.isoformat(),
    }
    named = [(f"ce_{name}", text.encode()) for name, text in headers.items()]
    return (
        event["subject"].encode(),
        json.dumps(event["data"]).encode(),
        [*named, ("content-type", b"application/json")],
    )


class Load:
    """Publishes a story from a thread: `start`, `stop`; everything sent is remembered."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        ends: dict[tuple[str, int], int],
        *,
        seed: int = 1,
        rate: float = 100,
        duplicates: float = 0.15,
        rubbish: float = 0.004,
        story: Story | None = None,
    ) -> None:
        self.topic, self.rate, self.ends, self.seed = topic, rate, ends, seed
        self.duplicates, self.rubbish = duplicates, rubbish
        self.story, self.dice = story or Story(seed), random.Random(seed + 1)
        self._settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "delivery.timeout.ms": 120_000,
            "log_level": 2,
        }
        self.producer = Producer(self._settings)
        self.facts: dict[str, Event] = {}
        self.sent: list[Event] = []
        self.dead: dict[tuple[int, int], str] = {}
        self.repeated = self._spoiled = 0
        self.failed: list[str] = []
        self._later: deque[tuple[int, Event]] = deque()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Publish until `stop`."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    def halt(self) -> None:
        """Publish nothing more."""
        self._stopped.set()

    def stop(self) -> None:
        """End, with everything delivered."""
        self.halt()
        if self._thread is not None:
            self._thread.join()
        assert self.producer.flush(120) == 0, "the broker did not take all facts"
        assert not self.failed, self.failed

    def begin(self) -> None:
        """The facts that give every customer something to spend."""
        for event in self.story.first():
            self.send(event)
        self.producer.flush(60)

    def renew(self) -> None:
        """The topic is a new one: nothing is in it, and the producer knows nothing of the old one."""
        self.producer = Producer(self._settings)
        self.ends.clear()
        self.dead.clear()

    def again(self) -> None:
        """Everything sent so far, once more and in the same order (an owner whose topic was made anew)."""
        for event in list(self.facts.values()):
            self._produce(event)
        self.producer.flush(120)

    def _run(self) -> None:
        began, done = time.monotonic(), 0
        while not self._stopped.is_set():
            wanted = int((time.monotonic() - began) * self.rate)
            for _ in range(wanted - done):
                self.step()
            done = max(done, wanted)
            self.producer.poll(0)
            self._stopped.wait(0.02)

    def step(self) -> None:
        """One record: a new fact, an old one again, a conflict or rubbish."""
        chance = self.dice.random()
        if chance < self.rubbish:
            self._rubbish()
        elif chance < self.rubbish + self.duplicates and self.sent:
            self._repeat()
        else:
            self.send(self.story.next())

    def send(self, event: Event) -> None:
        """A new fact."""
        self.facts[event["id"]] = event
        self.sent.append(event)
        self._produce(event)

    def _repeat(self) -> None:
        """An old fact, from the one before up to beyond any batch."""
        distance = self.dice.choice((1, self.dice.randint(2, 60), self.dice.randint(60, 9_500), len(self.sent)))
        self.repeated += 1
        self._produce(self.sent[-min(distance, len(self.sent))])

    def spoil(self, customer: str) -> None:
        """A record about this customer that is not JSON."""
        self._spoiled += 1
        event = {**self.sent[0], "id": f"spoiled-{self._spoiled}", "subject": customer}
        self._produce(event, value=b'{"deal_id": ', dead="not_json")

    def _rubbish(self) -> None:
        """Not JSON, or a known id with other content."""
        if self.dice.random() < 0.5 or not self.sent:
            event = self.story.next()
            self._produce(event, value=b'{"deal_id": ', dead="not_json")
            return
        old = self.sent[-self.dice.randint(1, min(3_000, len(self.sent)))]
        new = {**old, "data": {**old["data"], "project_id": "P9"}}
        self._produce(new, dead="conflict")

    def _produce(self, event: Event, value: bytes | None = None, dead: str = "") -> None:
        key, body, headers = record(event)

        def delivered(error: Any, message: Any) -> None:
            if error is not None:
                self.failed.append(error.name())
                return
            place = (message.topic(), message.partition())
            self.ends[place] = max(self.ends.get(place, 0), message.offset() + 1)
            if dead:
                self.dead[message.partition(), message.offset()] = dead

        while True:
            try:
                self.producer.produce(
                    self.topic, body if value is None else value, key, headers=headers, on_delivery=delivered
                )
                return
            except BufferError:
                self.producer.poll(0.1)
            except KafkaException as error:
                self.failed.append(error.args[0].name())
                return
