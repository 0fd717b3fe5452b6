"""Tells the story to a running Hearth as outside systems would, and waits until every number of it is there.

Also publishes facts of files to the journal.
"""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from chassis.fold.model import Out
from chassis.fold.ports import Transient
from chassis.publish import Publisher
from contracts.catalog import JOURNAL, TYPES
from contracts.envelope import encode, rfc3339
from contracts.errors import Rejected
from contracts.fact import Fact
from contracts.http import decode_structured
from contracts.intake.forms import FORMS
from hearth.cli.ask import ask, ask_admin, tell, tell_admin
from hearth.cli.errors import CliError, NotThere
from hearth.cli.places import DOORS, bootstrap, security, topic
from hearth.cli.story import Command, Event, Number, Story

PATIENCE = 120.0
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


class Part(NamedTuple):
    """What is delivered up to a time, in this order, and what is done at the doors then."""

    until: datetime
    events: list[Event]
    command: Command | None


def parts(story: Story, seed: int) -> list[Part]:
    """The story's deliveries: up to each command what it needs and, by chance, what has happened till then; the rest and
    about a third of everything a second time at the end. Each part in a random order.
    """
    dice = random.Random(seed)  # noqa: S311 - dice for a delivery order
    waiting, found = story.events, []
    for command in story.commands:
        needed = [e for e in waiting if e.id == command.of or (e.time <= command.time and dice.random() < 0.6)]
        waiting = [event for event in waiting if event not in needed]
        found.append(Part(command.time, dice.sample(needed, len(needed)), command))
    last = [*waiting, *dice.sample(story.events, len(story.events) // 3)]
    return [*found, Part(story.end, dice.sample(last, len(last)), None)]


def play(story: Story, seed: int) -> tuple[int, float]:
    """Tell the story; returns how many records were sent, and after how many seconds the first one could be seen.

    Clocks that stand are moved along; real ones are left.
    """
    sent, first = 0, -1.0
    for part in parts(story, seed):
        move_clocks(rfc3339(part.until))
        send([_record(event) for event in part.events])
        sent += len(part.events)
        if part.command is not None:
            first = first if first >= 0 else wait_for_first(_teller(story, part.command))
            _carry_out(story, part.command)
    return sent, first


def move_clocks(to: str) -> None:
    """Set the clocks of all services to an instant, or to `real`; one that is past it, or real, stays."""
    for service in DOORS:
        now = ask_admin(service, "/v1/clock")
        if not now["real"] and (to == "real" or now["now"] < to):
            tell_admin(service, "/v1/clock", {"now": to})


def _record(event: Event) -> Out:
    """The event as a CloudEvents producer sends it to its intake topic, in binary mode."""
    form = FORMS[event.type]
    names = {"specversion": "1.0", "type": event.type, "source": event.source, "id": event.id}
    named = {**names, "time": rfc3339(event.time)}
    headers = [(f"ce_{name}", text.encode()) for name, text in named.items()]
    value = msgspec.json.encode(event.data)
    return Out(
        event.id, 0, topic(form.topic), event.id.encode(), value, (*headers, ("content-type", b"application/json"))
    )


def _carry_out(story: Story, command: Command, patience: float = PATIENCE) -> None:
    """Do what the story does at a door, once the ticket it is about can be found."""
    event, identifier = _event_of(story, command), _teller(story, command)
    key = f"{story.source[1:]}-{command.name}-{command.of}".replace("/", "-")
    deadline = time.monotonic() + patience
    while True:
        try:
            ticket = _ticket(identifier, event.data["case_id"])
            tell("service_tickets", f"/v1/tickets/{ticket}/{command.name}", {}, {"idempotency-key": key})
            return
        except NotThere as missing:
            if time.monotonic() > deadline:
                raise CliError(f"the ticket of {command.of} is not there after {patience:.0f} s: {missing}") from None
            time.sleep(POLL)


def _event_of(story: Story, command: Command) -> Event:
    return next(event for event in story.events if event.id == command.of)


def _teller(story: Story, command: Command) -> dict[str, str]:
    """The identifier under which the fact came that a command is about."""
    identifier: dict[str, str] = _event_of(story, command).data["contact"]["identifiers"][0]
    return identifier


def _ticket(identifier: dict[str, str], case_id: str) -> str:
    customer_id = customer_of(identifier)
    for ticket in ask("service_tickets", f"/v1/customers/{customer_id}/tickets")["items"]:
        if ticket["case_id"] == case_id:
            return str(ticket["ticket_id"])
    raise NotThere(f"no ticket of case {case_id}")


def customer_of(identifier: dict[str, str]) -> str:
    """The id that the person with this identifier goes by now. Raises `NotThere`."""
    return str(tell("profile", "/v1/customers/search", identifier)["customer_id"])


def customers(story: Story) -> dict[str, str]:
    """Who → customer id. Raises `NotThere`."""
    return {who: customer_of(identifiers["phone"]) for who, identifiers in story.people.items()}


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
    send([_out(fact) for fact in facts])


def send(outs: Sequence[Out]) -> None:
    """Send records; returns when the broker has confirmed them. Raises `CliError`."""
    where = bootstrap()
    _must_listen(where)
    try:
        asyncio.run(_send(where, outs))
    except Transient as error:
        raise CliError(f"the broker at {where} did not take the facts ({error})") from None


async def _send(where: str, outs: Sequence[Out]) -> None:
    publisher = Publisher(where, "hearth-cli", security())
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


def wait_for_first(identifier: dict[str, str], patience: float = PATIENCE) -> float:
    """Wait until the person with this identifier is visible at profile; returns the seconds. Raises `CliError`."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        try:
            ask("profile", f"/v1/customers/{customer_of(identifier)}")
        except NotThere:
            time.sleep(0.05)
        else:
            return time.monotonic() - began
    raise CliError(f"no fact became visible within {patience:.0f} s")


def check(story: Story, patience: float = PATIENCE, quiet: float = PATIENCE) -> list[Checked]:
    """Every number of the story as it is: once all are right, `patience` seconds have passed, or nothing has changed and
    no service has had anything to do for `quiet` seconds.
    """
    began = changed = time.monotonic()
    found: list[Checked] = []
    while True:
        before, found = found, list(_look(story))
        now = time.monotonic()
        changed = changed if found == before and _idle() else now
        if all(each.right for each in found) or now - began >= patience or now - changed >= quiet:
            return found
        time.sleep(POLL)


def _idle() -> bool:
    """Whether no service works on anything that it has read: on a slow machine more than silence tells it."""
    return all(lane["quiet"] for service in DOORS for lane in ask_admin(service, "/v1/state")["lanes"].values())


def _look(story: Story) -> Iterator[Checked]:
    """Each question is asked once, however many numbers are in its answer."""
    ids: dict[str, Any] = {}
    answers: dict[tuple[str, str], object] = {}
    for number in story.numbers:
        if number.who not in ids:
            ids[number.who] = _answer(lambda who=number.who: customer_of(story.people[who]["phone"]))
        service, path, query = number.question(str(ids[number.who] or "nobody"))
        key = (number.who, number.asked)
        if key not in answers:
            answers[key] = _answer(lambda s=service, p=path, q=query: ask(s, p, **q))
        yield Checked(number, number.out_of(answers[key]))


def _answer(question: Callable[[], object]) -> object:
    try:
        return question()
    except NotThere:
        return {}
