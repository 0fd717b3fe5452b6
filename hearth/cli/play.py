"""Publishes facts to the journal of a running Hearth, and waits until every number of the story is there."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from chassis.fold.model import Out
from chassis.fold.ports import Transient
from chassis.publish import Publisher
from contracts.catalog import JOURNAL, TYPES
from contracts.envelope import encode
from contracts.errors import Rejected
from contracts.fact import Fact
from contracts.http import decode_structured
from hearth.cli import story
from hearth.cli.ask import ask
from hearth.cli.errors import CliError, NotThere
from hearth.cli.places import bootstrap, topic
from hearth.cli.story import Number

PATIENCE = 60.0
"""Seconds after which a number that is not there is wrong."""

POLL = 0.2


class Checked(NamedTuple):
    """A number with what was found in its place."""

    number: Number
    found: str

    @property
    def right(self) -> bool:
        """Whether it is what the story says."""
        return self.found == self.number.expected


def shuffled(facts: Sequence[Fact], seed: int) -> list[Fact]:
    """All facts in a random order, about a third of them twice."""
    dice = random.Random(seed)  # noqa: S311 - dice for a delivery order
    again = dice.sample(list(facts), max(1, len(facts) // 3))
    delivered = [*facts, *again]
    dice.shuffle(delivered)
    return delivered


def facts_in(lines: Iterable[bytes]) -> Iterator[Fact]:
    """The facts in lines of structured CloudEvents. Raises `CliError`, naming the line and what is wrong with it."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                fact = decode_structured(line, datetime.now(UTC))
            except Rejected as error:
                raise CliError(f"line {number}: {error.code} {error.pointer}: {error.detail}") from None
            if TYPES[fact.type].topic != JOURNAL:
                raise CliError(f"line {number}: {fact.type} is published by {TYPES[fact.type].owner} alone")
            yield fact


def publish(facts: Sequence[Fact]) -> None:
    """Send facts to the journal, in this order; returns when the broker has confirmed them. Raises `CliError`."""
    where = bootstrap()
    _must_listen(where)
    try:
        asyncio.run(_send(where, [_out(fact) for fact in facts]))
    except Transient as error:
        raise CliError(f"the broker at {where} did not take the facts ({error})") from None


async def _send(where: str, outs: list[Out]) -> None:
    publisher = Publisher(where, "hearth-cli")
    try:
        await publisher.publish(outs)
    finally:
        publisher.close()


def _out(fact: Fact) -> Out:
    record = encode(fact)
    return Out(fact.id, 0, topic(JOURNAL), record.key, record.value, tuple(record.headers))


def _must_listen(where: str) -> None:
    host, _, port = where.split(",")[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), 3).close()
    except (OSError, ValueError):
        raise CliError(f"no broker answers at {where}. Is it running? `make run` starts it") from None


def wait_for_first(customer_id: str, patience: float = PATIENCE) -> float:
    """Wait until a customer is visible at profile; returns the seconds it took. Raises `CliError`."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        try:
            ask("profile", f"/v1/customers/{customer_id}")
        except NotThere:
            time.sleep(0.05)
        else:
            return time.monotonic() - began
    raise CliError(f"no fact became visible within {patience:.0f} s")


def check(ids: dict[str, str], patience: float = PATIENCE, quiet: float = PATIENCE) -> list[Checked]:
    """Every number of these people's story as it is: once all are right, `patience` seconds have passed, or nothing has
    changed for `quiet` seconds.
    """
    began = changed = time.monotonic()
    found: list[Checked] = []
    while True:
        before, found = found, list(_look(story.numbers(ids)))
        now = time.monotonic()
        changed = changed if found == before else now
        if all(each.right for each in found) or now - began >= patience or now - changed >= quiet:
            return found
        time.sleep(POLL)


def _look(numbers: Sequence[Number]) -> Iterator[Checked]:
    """Each question is asked once, however many numbers are in its answer."""
    answers: dict[tuple[str, str], object] = {}
    for number in numbers:
        service, path, query = number.question
        key = (number.customer_id, number.asked)
        if key not in answers:
            answers[key] = _answer(lambda s=service, p=path, q=query: ask(s, p, **q))
        yield Checked(number, number.out_of(answers[key]))


def _answer(question: Callable[[], object]) -> object:
    try:
        return question()
    except NotThere:
        return {}
