"""Two years of one company, made up from a seed: visits, surveys, suggestions, deals in instalments that are changed and
cancelled in part and in full, friends who bring friends, and what people wish to spend and to have back.

Plain dicts, as the events are published; imports nothing of ours. Facts about one deal are never in the same week, for a
contract system does not sign, collect and cancel in one; all else may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

BEGIN = datetime(2024, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
"""A Monday, the first instant of the first week."""
WEEKS = 104
SOURCE = "/company"

Event = dict[str, Any]


class Wish(NamedTuple):
    """Somebody wants to spend `points` at the end of a week: of what is set aside `captured` is spent (0: given up). One
    with `refunds` wants a spend back instead.
    """

    week: int
    subject: str
    id: str
    points: int = 0
    captured: int = 0
    refunds: str = ""


class History(NamedTuple):
    """What happened in each week, in order, and what was wished at its end."""

    events: list[list[Event]]
    wishes: list[list[Wish]]


def history(customers: int, seed: int = 1) -> History:
    """The two years of so many customers."""
    events: list[list[Event]] = [[] for _ in range(WEEKS)]
    wishes: list[list[Wish]] = [[] for _ in range(WEEKS)]
    for number in range(customers):
        person = Person(number, Random(f"{seed} {number}"))
        for event in person.life():
            week = (event["time"] - BEGIN) // timedelta(weeks=1)
            if 0 <= week < WEEKS:
                events[week].append(event)
        for wish in person.wishes():
            wishes[wish.week].append(wish)
    return History([sorted(week, key=lambda event: event["time"]) for week in events], wishes)


def end_of(week: int) -> datetime:
    """The last minute of a week: when wishes come true."""
    return BEGIN + timedelta(weeks=week + 1, minutes=-1)


def subject_of(number: int) -> str:
    """The id of a customer."""
    return f"01963f5e-7a10-7c31-9d52-{number:012x}"


class Person:
    """One customer, and the dice that decide about them."""

    def __init__(self, number: int, dice: Random) -> None:
        self.number, self.dice, self.subject = number, dice, subject_of(number)
        self.came = dice.randrange(90)
        self.deals = dice.choices((0, 1, 2, 3), (60, 30, 8, 2))[0]

    def life(self) -> Iterator[Event]:
        """All that happens to them."""
        if self.number and self.dice.random() < 0.2:
            friend = subject_of(self.dice.randrange(self.number))
            yield self._event("lead.captured", self.came, "L", channel="referral", project_id="P1", referrer=friend)
        for visit in range(self.dice.randrange(6)):
            yield from self._visit(f"V{self.number}-{visit}")
        for deal in range(self.deals):
            yield from self._deal(f"D{self.number}-{deal}")
        if self.dice.random() < 0.05:
            because = {"source": SOURCE, "id": "x", "type": "x"}
            ticket = f"T{self.number}"
            yield self._event(
                "suggestion.accepted", self._later(20), "S", ticket_id=ticket, code="idea", because=because
            )

    def _visit(self, visit: str) -> Iterator[Event]:
        week, project = self._later(12), self.dice.choice(("P1", "P2", "P3"))
        yield self._event("visit.completed", week, visit, visit_id=visit, project_id=project)
        for answer, weeks in enumerate((1, 4)):  # some answer twice, which counts once
            if self.dice.random() < 0.5:
                yield self._event("survey.answered", week + weeks, f"{visit}-a{answer}", **_answer(visit))

    def _deal(self, deal: str) -> Iterator[Event]:
        price = self.dice.randint(30_000_000, 600_000_000)  # in fen
        week, dice = self._later(30), self.dice
        yield self._event("deal.signed", week, f"{deal}-s", deal_id=deal, project_id="P1", price=_money(price))
        stakes = sorted(dice.sample(range(1, price), dice.randrange(8)))
        parts = [b - a for a, b in zip([0, *stakes], [*stakes, price], strict=True)]
        steps = [("payment_received", {"payment_id": f"{deal}-{n}", "amount": _money(p)}) for n, p in enumerate(parts)]
        if dice.random() < 0.5:
            steps.append(("handed_over", {}))
        if dice.random() < 0.1:
            steps.insert(
                dice.randrange(len(steps)), ("changed", {"price": _money(price * dice.randint(80, 120) // 100)})
            )
        for share in self._shares():
            gone = {"stage": "signed", "cancelled_amount": _money(price * share // 1000)}
            steps.insert(dice.randint(0, len(steps)), ("cancelled", gone))
        for number, (name, data) in enumerate(steps):
            week += dice.randint(1, 6)
            yield self._event(f"deal.{name}", week, f"{deal}-{number}", deal_id=deal, **data)

    def _shares(self) -> list[int]:
        """Of a thousand, what is cancelled: mostly nothing, sometimes parts, sometimes all."""
        lot = self.dice.random()
        if lot < 0.12:
            return [1000]
        return [self.dice.randint(1, 400) for _ in range(self.dice.randint(1, 3))] if lot < 0.3 else []

    def wishes(self) -> Iterator[Wish]:
        """What they want to spend, and to have back."""
        for number in range(self.dice.choices((0, 1, 2, 5), (40, 25, 20, 15))[0]):
            week, name = self._later(60), f"W{self.number}-{number}"
            if week >= WEEKS:
                continue
            points = self.dice.choice((50, 200, 500, 1_000, 2_500, 20_000))
            captured = self.dice.choice((0, points, points, points, points // 2))
            yield Wish(week, self.subject, name, points, captured)
            back = week + self.dice.randint(1, 8)
            if captured and back < WEEKS and self.dice.random() < 0.3:
                yield Wish(back, self.subject, f"{name}-back", refunds=name)

    def _later(self, weeks: int) -> int:
        return self.came + self.dice.randrange(weeks)

    def _event(self, name: str, week: int, key: str, **data: Any) -> Event:
        time = BEGIN + timedelta(weeks=week, minutes=self.dice.randrange(7 * 24 * 60 - 60))
        one = f"{key}-{self.number}" if key in "LS" else key
        return {
            "source": SOURCE,
            "id": one,
            "type": f"crm.{name}.v1",
            "subject": self.subject,
            "time": time,
            "data": data,
        }


def _answer(visit: str) -> dict[str, Any]:
    score = {"value": 4, "min": 1, "max": 5}
    return {"instrument": "csat", "stage": "viewing", "answers": [score], "about": {"kind": "visit", "id": visit}}


def _money(fen: int) -> dict[str, str]:
    return {"amount": f"{fen // 100}.{fen % 100:02}", "currency": "CNY"}
