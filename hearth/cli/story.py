"""The story: its people, facts, commands and numbers, out of `story.md`, which stands beside this file."""

import json
import random
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from contracts.envelope import rfc3339
from hearth.cli.errors import CliError

DAY_0 = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai"))
BEGIN = "2026-03-01T16:00:00Z"
"""Where the clock of a Hearth that is to be told the story stands: day 0, 00:00."""

ASKED = re.compile(
    r"(?P<what>account|explain (?P<balance>\w+)|customer|leads|tickets|satisfaction)( as of day (?P<day>\d+))?"
)
PATHS = {
    "account": ("loyalty", "/v1/accounts/{id}"),
    "explain": ("loyalty", "/v1/accounts/{id}/explain"),
    "customer": ("profile", "/v1/customers/{id}"),
    "leads": ("leads", "/v1/customers/{id}/leads"),
    "tickets": ("service_tickets", "/v1/customers/{id}/tickets"),
    "satisfaction": ("service_tickets", "/v1/customers/{id}/satisfaction"),
}


class Event(NamedTuple):
    """A fact as an outside system sends it: CloudEvents attributes and data."""

    source: str
    id: str
    type: str
    time: datetime
    data: Mapping[str, Any]


class Command(NamedTuple):
    """What somebody does at a door at a time: `name` (respond, resolve) the ticket of the fact `of`."""

    name: str
    of: str
    time: datetime


class Number(NamedTuple):
    """One number of the story: whose, what is asked, where in the answer, what it must be, and its arithmetic."""

    who: str
    asked: str
    value: str
    expected: str
    because: str

    def question(self, customer_id: str) -> tuple[str, str, dict[str, str]]:
        """Service, path and query that answer it."""
        found = ASKED.fullmatch(self.asked)
        if found is None:
            raise CliError(f"story.md asks for {self.asked!r}, which is no question")
        service, path = PATHS[found["what"].partition(" ")[0]]
        query = {"balance": found["balance"]} if found["balance"] else {}
        when = {"as_of": rfc3339(moment(found["day"], "12:00"))} if found["day"] else {}
        return service, path.format(id=customer_id), {**query, **when}

    def out_of(self, answer: Any) -> str:
        """The number in an answer, as text; `none` where it is not there. `#` counts a list."""
        for part in self.value.split("/"):
            if isinstance(answer, list):
                answer = len(answer) if part == "#" else answer[int(part)] if int(part) < len(answer) else None
            else:
                answer = answer.get(part) if isinstance(answer, dict) else None
        return "none" if answer is None else str(answer)


class Story:
    """The story of its two people, or (`fresh`) of two others with other identifiers and facts of their own."""

    def __init__(self, *, fresh: bool = False) -> None:
        mark = secrets.token_hex(4) if fresh else ""
        self.source = f"/story/{mark}" if fresh else "/story"
        self.people = {row["who"]: _identifiers(row, mark) for row in _rows("People")}

    @property
    def events(self) -> list[Event]:
        """Its facts, in the order in which they happened."""
        return [self._event(row) for row in _rows("Facts")]

    @property
    def commands(self) -> list[Command]:
        """What is done at the doors, in order."""
        return [Command(row["command"], row["of"], moment(row["day"], row["time"])) for row in _rows("Commands")]

    @property
    def numbers(self) -> list[Number]:
        """Everything it must come to."""
        return [Number(r["who"], r["asked"], r["value"], r["is"], r["because"]) for r in _rows("Numbers")]

    @property
    def end(self) -> datetime:
        """When everything has happened."""
        return max(event.time for event in self.events)

    def contact(self, who: str, by: str) -> dict[str, Any]:
        """A person as a sender knows them: by `phone`, by `wechat`, or by both."""
        return {"identifiers": [self.people[who][kind] for kind in by.split()]}

    def _event(self, row: dict[str, str]) -> Event:
        data = json.loads(row["data"].strip("`"))
        others = {
            name: self.contact(*value[1:].split(".")) for name, value in data.items() if str(value).startswith("@")
        }
        contact = self.contact(row["who"], row["by"])
        return Event(
            self.source,
            row["fact"],
            row["type"],
            moment(row["day"], row["time"]),
            {"contact": contact, **data, **others},
        )


def moment(day: str | int, time: str) -> datetime:
    """A day and time of the story."""
    hours, minutes = time.split(":")
    return DAY_0 + timedelta(days=int(day), hours=int(hours), minutes=int(minutes))


def _identifiers(row: dict[str, str], mark: str) -> dict[str, dict[str, str]]:
    """Of one person: those of the document, or others that go by `mark`."""
    dice = random.Random(mark + row["who"])  # noqa: S311 - telephone numbers of people who do not exist
    phone = f"+86 139 {dice.randrange(10**8):08}" if mark else row["phone"]
    return {
        "phone": {"type": "phone", "value": phone},
        "wechat": {"type": "wechat_openid", "value": row["wechat"] + mark},
    }


def _rows(section: str) -> Iterator[dict[str, str]]:
    """The rows of the table under a heading."""
    text = resources.files("hearth.cli").joinpath("story.md").read_text("utf-8")
    lines = text.partition(f"## {section}\n")[2].partition("\n## ")[0].splitlines()
    table = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines if line.startswith("| ")]
    head, *body = table
    return (dict(zip(head, row, strict=True)) for row in body)
