"""How answers look on a terminal."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from hearth.cli.play import Checked

console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 160)
errors = Console(stderr=True)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column == "id")  # what people copy stays in one piece
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    console.print(made)


def as_json(found: object) -> None:
    """Print an answer as JSON, for programs."""
    print(json.dumps(found, indent=2, ensure_ascii=False))


def checked(found: Iterable[Checked]) -> None:
    """One line for each number of the story: right or wrong, what it is, and why."""
    for each in found:
        number = each.number
        mark = "[green]ok   [/]" if each.right else "[red]WRONG[/]"
        is_ = each.found if each.right else f"{each.found}, must be {number.expected}"
        why = f"   [dim]{number.because}[/]" if number.because else ""
        console.print(f"{mark} {number.who:<3} {number.asked}: {number.value} = [bold]{is_}[/]{why}", highlight=False)


def customer(found: Mapping[str, Any]) -> None:
    """A customer: totals, counts, timeline, each with the fact that made it."""
    console.print(f"customer [bold]{found['customer_id']}[/], {found['facts']} facts", highlight=False)
    totals = ((name, f"{t['amount']} {t['currency']}", made_by(t["last"])) for name, t in found["totals"].items())
    table("\ntotals", ("what", "amount", "last made by"), totals)
    kinds = ((name, k["count"], k["first"]["time"], k["last"]["time"]) for name, k in found["kinds"].items())
    table("\nfacts", ("type", "count", "first", "last"), kinds)
    table("\ntimeline", ("time", "type", "source", "id"), (_columns(mark) for mark in found["timeline"]))


def account(found: Mapping[str, Any]) -> None:
    """An account: balances and tier."""
    table(
        f"account {found['customer_id']}", ("what", "points"), ((k, v) for k, v in found.items() if k != "customer_id")
    )


def statement(lines: Iterable[Mapping[str, Any]]) -> None:
    """Movements in the order they were booked, with the balances after them."""
    columns = ("time", "points", "active", "pending", "held", "debt", "about", "sentence")
    table("statement", columns, ([line[column] for column in columns] for line in lines))


def explanation(found: Mapping[str, Any]) -> None:
    """The reasons of a balance."""
    rows = [(r["points"], r["sentence"], r["about"], r["rule"], r["cause"]["id"]) for r in found["reasons"]]
    table(f"{found['balance']} = {found['total']}", ("points", "why", "about", "rule", "fact"), rows)


def made_by(mark: Mapping[str, Any]) -> str:
    """A fact, named."""
    return f"{mark['type']} {mark['source']} {mark['id']}"


def _columns(mark: Mapping[str, Any]) -> tuple[object, ...]:
    return mark["time"], mark["type"], mark["source"], mark["id"]
