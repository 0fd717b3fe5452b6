"""`hearth audit`: who did what at the doors, and whether the log is whole. For auditors."""

from typing import Annotated

import typer

from hearth.cli import show
from hearth.cli.ask import ask_admin
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS

audit = typer.Typer(no_args_is_help=True, help="Who did what at the doors, why, and whether the log of it is whole.")

COLUMNS = ("number", "at", "outcome", "who", "operation", "what", "why", "address")
Service = Annotated[str | None, typer.Option(help="Only of this service.")]


@audit.command("list")
def list_entries(service: Service = None) -> None:
    """The newest entries of every service's audit log."""
    for name in _chosen(service):
        found = ask_admin(name, "/v1/audit")["items"]
        show.table(name, COLUMNS, ([_cell(entry[column]) for column in COLUMNS] for entry in found))


@audit.command("verify")
def verify(
    service: Service = None,
    head: Annotated[str | None, typer.Option(help="A hash noted before: it must still be the last one.")] = None,
) -> None:
    """Follow every log from its first entry: nothing was changed, left out or put in. Exit code 1 if something was.

    Note the hashes that it prints somewhere else: with one of them, a log that was cut at its end is found too.
    """
    broken = [name for name in _chosen(service) if not _fits(name, head)]
    if broken:
        raise CliError(f"the audit log is not whole: {', '.join(broken)}")


def _fits(service: str, head: str | None) -> bool:
    found = ask_admin(service, "/v1/audit/verify")
    fault = found["broken"]
    cut = head is not None and found["head"] != head
    word = f"entry {fault['number']}: {fault['reason']}" if fault else "ends with another hash" if cut else "whole"
    show.console.print(f"{service}: {found['entries']} entries, head {found['head']}: {word}", highlight=False)
    return fault is None and not cut


def _chosen(service: str | None) -> list[str]:
    if service is not None and service not in DOORS:
        raise CliError(f"there is no service {service}; there are {', '.join(DOORS)}")
    return [service] if service else list(DOORS)


def _cell(value: object) -> object:
    return ", ".join(f"{name} {text}" for name, text in value.items()) if isinstance(value, dict) else value
