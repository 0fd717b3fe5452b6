"""`hearth dead`: records that could not be processed, listed and sent again. What they hold is never shown."""

from typing import Annotated, Any

import typer

from hearth.cli import show
from hearth.cli.ask import ask_admin, segment, tell_admin
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS

dead = typer.Typer(no_args_is_help=True, help="Dead letters: what could not be processed, and sending it again.")

Service = Annotated[str, typer.Argument(help="The service that could not process it.")]
Letter = Annotated[str, typer.Argument(metavar="ID", help="The letter's id, as `list` shows it.")]
COLUMNS = ("at", "code", "pointer", "type", "fact", "attempts", "redriven_at", "id")


@dead.command("list")
def list_letters(service: Annotated[str | None, typer.Option(help="Only of this service.")] = None) -> None:
    """The newest dead letters of every service, and how many wait, by code."""
    for name in [_known(service)] if service else DOORS:
        found = letters(name, "")
        counted = ", ".join(f"{code} {number}" for code, number in sorted(found["waiting"].items()))
        show.console.print(f"[bold]{name}[/]: {counted or 'none waits'}", highlight=False)
        if found["items"]:
            show.table("", COLUMNS, ([_cell(letter[column]) for column in COLUMNS] for letter in found["items"]))


@dead.command("show")
def show_letter(service: Service, letter: Letter) -> None:
    """Why a record could not be processed, and where it was read; never what it holds."""
    found = letters(_known(service), f"/{segment(letter)}")
    show.table("", ("what", "value"), ((name, _cell(value)) for name, value in found.items()))


@dead.command("redrive")
def redrive_letter(service: Service, letter: Letter) -> None:
    """Send a dead letter's record again, to where it was read. A second time changes nothing."""
    found = tell_admin(_known(service), f"/v1/dead/{segment(letter)}/redrive", {})
    show.console.print(
        f"sent again at {found['redriven_at']} to {found['topic']}[{found['partition']}] "
        f"(attempt {found['attempts']}); if it is refused again, that is a new dead letter",
        highlight=False,
    )


def letters(service: str, path: str) -> Any:
    """What the admin door of a service says of dead letters. Raises `CliError`."""
    found = ask_admin(service, f"/v1/dead{path}")
    if "code" in found and "title" in found:
        raise CliError(f"{service}: {found['detail']}")
    return found


def _known(service: str) -> str:
    if service not in DOORS:
        raise CliError(f"there is no service {service}; there are {', '.join(DOORS)}")
    return service


def _cell(value: Any) -> object:
    return "" if value is None else value
