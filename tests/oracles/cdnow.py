"""What the CDNOW log must come to: counts, totals, first and last dates and points of every person. Imports nothing of
ours.

Below a line of headings, a row is `customer, date yyyymmdd, number of CDs, amount`. Each is one signed deal at amount ×
1,000 CNY, paid in full at once; its facts take their ids from the line number in the file (the headings are line 1).
Rows with amount 0 are not acceptable facts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

SOURCE = "/cdnow"
PROJECT = "CDNOW"


class Row(NamedTuple):
    """One purchase: `line` in the file, from 1, `time` the date at noon UTC, `price` in CNY, exact."""

    line: int
    customer: str
    time: datetime
    price: Decimal

    @property
    def valid(self) -> bool:
        """Whether its facts are acceptable: a price must be greater than zero."""
        return self.price > 0


def rows(path: Path) -> Iterator[Row]:
    """The purchases of the file in order; headings and empty lines are left out but counted."""
    for number, line in enumerate(path.read_text("ascii").splitlines(), 1):
        if line.strip() and number > 1:
            customer, date, _, amount = line.split()
            day = datetime(int(date[:4]), int(date[4:6]), int(date[6:]), 12, tzinfo=UTC)
            yield Row(number, f"cdnow-{customer}", day, Decimal(amount) * 1000)


def facts(row: Row) -> list[dict[str, Any]]:
    """The two facts of a row, as structured CloudEvents: signed, and paid in full."""
    deal, money = f"cdnow-{row.line}", {"amount": f"{row.price:.2f}", "currency": "CNY"}
    signed = {"deal_id": deal, "project_id": PROJECT, "price": money}
    paid = {"deal_id": deal, "payment_id": f"{deal}-paid", "amount": money, "project_id": PROJECT}
    return [
        _event(row, "crm.deal.signed.v1", f"line-{row.line}-signed", signed),
        _event(row, "crm.deal.payment_received.v1", f"line-{row.line}-paid", paid),
    ]


def expected(path: Path) -> dict[str, dict[str, Any]]:
    """Customer → `{"deals", "total" (CNY), "first", "last" (datetime), "points" (active)}`; valid rows only."""
    people: dict[str, dict[str, Any]] = {}
    for row in rows(path):
        if row.valid:
            person = people.setdefault(row.customer, _nobody(row))
            person["deals"] += 1
            person["total"] += row.price
            person["first"] = min(person["first"], row.time)
            person["last"] = max(person["last"], row.time)
            person["points"] += int(row.price // 1000)
    return people


def _nobody(row: Row) -> dict[str, Any]:
    return {"deals": 0, "total": Decimal(0), "first": row.time, "last": row.time, "points": 0}


def _event(row: Row, type_name: str, fact_id: str, data: dict[str, Any]) -> dict[str, Any]:
    time = row.time.isoformat().replace("+00:00", "Z")
    attributes = {"specversion": "1.0", "type": type_name, "source": SOURCE, "id": fact_id, "subject": row.customer}
    return {**attributes, "time": time, "datacontenttype": "application/json", "data": data}
