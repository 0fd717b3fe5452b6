"""`hearth lag`: how far each service is behind the log, by partition, in records and in seconds."""

from typing import Annotated, Any

import typer

from chassis.seeing.findings import finding
from hearth.cli import show
from hearth.cli.ask import ask_admin
from hearth.cli.dead import Json, Of, chosen
from hearth.cli.errors import CliError

COLUMNS = ("service", "topic", "partition", "settled", "end", "records", "seconds")


def lag(
    service: Of = None,
    every: Annotated[bool, typer.Option("--all", help="Partitions too that are not behind.")] = False,
    raw: Json = False,
) -> None:
    """How far each service is behind the log: records, and how old the oldest of them is."""
    found = [{"service": name, **place} for name in chosen(service) for place in partitions(name)]
    if raw:
        show.as_json(found)
        return
    shown = [place for place in found if every or place["records"]]
    if shown:
        show.table("", COLUMNS, (["?" if (cell := each[c]) is None else cell for c in COLUMNS] for each in shown))
    show.console.print(_summary(found), highlight=False)


def partitions(service: str) -> list[Any]:
    """The partitions that a service reads. Raises `CliError`."""
    found = ask_admin(service, "/v1/lag")
    if "partitions" not in found:
        raise CliError(f"{service}: {found['detail']} ({found['code']})")
    return found["partitions"]


def lag_of(service: str, found: list[Any]) -> list[Any]:
    """The same; what cannot be said goes to the findings."""
    try:
        return partitions(service)
    except CliError as error:
        found.append(finding("not_asked", service, str(error)))
        return []


def _summary(found: list[Any]) -> str:
    behind = sum(place["records"] for place in found)
    latest = max((place["seconds"] or 0.0 for place in found), default=0.0)
    return f"{len(found)} partitions, {behind} records behind" + (f", {latest:.1f} s at most" if behind else "")
