"""The story: its people, facts and numbers, out of `story.md`, which stands beside this file."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

from uuid_utils import uuid7

from contracts.catalog import READERS
from contracts.envelope import rfc3339
from contracts.fact import Fact
from hearth.cli.errors import CliError

SOURCE = "/story"
DAY_0 = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai"))

ASKED = re.compile(r"(account|explain (?P<balance>\w+)|customer( (?P<axis>as of|known at) day (?P<day>\d+))?)")


class Number(NamedTuple):
    """One number of the story: whose, what is asked, where in the answer, what it must be, and its arithmetic."""

    who: str
    customer_id: str
    asked: str
    value: str
    expected: str
    because: str

    @property
    def question(self) -> tuple[str, str, dict[str, str]]:
        """Service, path and query that answer it."""
        found = ASKED.fullmatch(self.asked)
        if found is None:
            raise CliError(f"story.md asks for {self.asked!r}, which is no question")
        if found["balance"]:
            return "loyalty", f"/v1/accounts/{self.customer_id}/explain", {"balance": found["balance"]}
        if self.asked == "account":
            return "loyalty", f"/v1/accounts/{self.customer_id}", {}
        when = {found["axis"].replace(" ", "_"): rfc3339(moment(found["day"], "12:00"))} if found["axis"] else {}
        return "profile", f"/v1/customers/{self.customer_id}", when

    def out_of(self, answer: object) -> str:
        """The number in an answer, as text; `none` where it is not there."""
        for part in self.value.split("/"):
            answer = answer.get(part) if isinstance(answer, dict) else None
        return "none" if answer is None else str(answer)


def people(*, fresh: bool = False) -> dict[str, str]:
    """Who → customer id: those of the document, or new ones."""
    return {row["who"]: str(uuid7()) if fresh else row["customer id"] for row in _rows("People")}


def facts(ids: dict[str, str]) -> list[Fact]:
    """The facts about these people, in the order in which they happened."""
    return [_fact(row, ids[row["who"]]) for row in _rows("Facts")]


def numbers(ids: dict[str, str]) -> list[Number]:
    """Everything the story must come to for these people."""
    return [
        Number(row["who"], ids[row["who"]], row["asked"], row["value"], row["is"], row["because"])
        for row in _rows("Numbers")
    ]


def moment(day: str | int, time: str) -> datetime:
    """A day and time of the story."""
    hours, minutes = time.split(":")
    return DAY_0 + timedelta(days=int(day), hours=int(hours), minutes=int(minutes))


def _fact(row: dict[str, str], customer_id: str) -> Fact:
    time = moment(row["day"], row["time"])
    recorded = moment(row["recorded"] or row["day"], row["time"])
    data = READERS[row["type"]].json(row["data"].strip("`").encode())
    return Fact(SOURCE, row["fact"], row["type"], customer_id, time, recorded, data)


def _rows(section: str) -> Iterator[dict[str, str]]:
    """The rows of the table under a heading."""
    text = resources.files("hearth.cli").joinpath("story.md").read_text("utf-8")
    lines = text.partition(f"## {section}\n")[2].partition("\n## ")[0].splitlines()
    table = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines if line.startswith("| ")]
    head, *body = table
    return (dict(zip(head, row, strict=True)) for row in body)
