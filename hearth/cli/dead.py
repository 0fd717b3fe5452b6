"""`hearth dead`: records that could not be processed: listed, grouped, edited, compared, sent again. Never what they hold."""

import getpass
import json
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from hearth.cli import show
from hearth.cli.ask import ask_admin, segment, tell_admin, with_query
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS

dead = typer.Typer(no_args_is_help=True, help="Dead letters: what could not be processed, and sending it again.")


def _services(incomplete: str) -> list[str]:
    return [name for name in DOORS if name.startswith(incomplete)]


Service = Annotated[
    str, typer.Argument(help="The service that could not process it.", autocompletion=_services, show_default=False)
]
Letter = Annotated[str, typer.Argument(metavar="ID", help="The letter's id, as `list` shows it.")]
Of = Annotated[str | None, typer.Option("--service", help="Only of this service.", autocompletion=_services)]
Code = Annotated[str, typer.Option(help="Only with this code.")]
Type = Annotated[str, typer.Option("--type", help="Only of this type of event.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
COLUMNS = ("at", "code", "pointer", "type", "fact", "attempts", "redriven_at", "id")
GROUPS = ("service", "code", "type", "letters", "waiting", "oldest", "newest", "example")
PAGE = 200


@dead.command("list")
def list_letters(
    service: Of = None,
    code: Code = "",
    type_: Type = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those not sent again.")] = False,
    raw: Json = False,
) -> None:
    """The newest dead letters of every service, and how many wait, by code."""
    asked = {"code": code, "type": type_, "waiting": "true" if waiting else ""}
    found = {name: letters(name, with_query("", asked)) for name in chosen(service)}
    if raw:
        show.as_json(found)
        return
    for name, each in found.items():
        counted = ", ".join(f"{code} {number}" for code, number in sorted(each["waiting"].items()))
        show.console.print(f"[bold]{name}[/]: {counted or 'none waits'}", highlight=False)
        if each["items"]:
            show.table("", COLUMNS, ([_cell(letter[column]) for column in COLUMNS] for letter in each["items"]))


@dead.command("group")
def group_letters(service: Of = None, raw: Json = False) -> None:
    """How many there are of each service, code and type, since when, and one of each."""
    found = [{"service": name, **group} for name in chosen(service) for group in letters(name, "/groups")["items"]]
    if raw:
        show.as_json(found)
    else:
        show.table("", GROUPS, ([_cell(group[column]) for column in GROUPS] for group in found))


@dead.command("show")
def show_letter(service: Service, letter: Letter, raw: Json = False) -> None:
    """Why a record could not be processed, and where it was read; never what it holds."""
    found = letters(_known(service), f"/{segment(letter)}")
    if raw:
        show.as_json(found)
        return
    edits = [f"{edit['at']} {edit['who']}: {edit['why']}" for edit in found.pop("edits")]
    show.table(
        "", ("what", "value"), ((name, _cell(value)) for name, value in {**found, "edits": "\n".join(edits)}.items())
    )


@dead.command("diff")
def diff_letter(service: Service, letter: Letter, raw: Json = False) -> None:
    """Where what would be sent differs from what was read: places and kinds, never values. And who changed it, and why."""
    _compared(letters(_known(service), f"/{segment(letter)}/diff"), raw)


@dead.command("edit")
def edit_letter(
    service: Service,
    letter: Letter,
    why: Annotated[str, typer.Option(help="Why; it stays with the letter. No personal data.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="POINTER=JSON", help='Add or replace, like /value/stage="won"')
    ] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="POINTER", help="Remove what is there.")] = None,
    changes: Annotated[
        typer.FileText | None, typer.Option(help="A JSON Patch (add, replace, remove); - is standard input.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Who changes it; you, by your login, if not said.")] = None,
    raw: Json = False,
) -> None:
    """Change what will be sent of a dead letter. What was read is kept; who, why and when stay with it.

    A record is {key, headers, value}: attributes in binary mode are in /headers/ce_…, data is in /value.
    """
    patch = [*_patch(changes), *map(_setting, set_ or ()), *({"op": "remove", "path": each} for each in remove or ())]
    body = {"who": who or getpass.getuser(), "why": why, "changes": patch}
    _compared(tell_admin(_known(service), f"/v1/dead/{segment(letter)}/edit", body), raw)


@dead.command("redrive")
def redrive_letters(
    service: Annotated[str | None, typer.Argument(help="Only of this service.", autocompletion=_services)] = None,
    letter: Annotated[str | None, typer.Argument(metavar="ID", help="Only this letter.")] = None,
    code: Code = "",
    type_: Type = "",
    every: Annotated[bool, typer.Option("--all", help="All that wait, of whatever code and type.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="At most so many a second.")] = 20.0,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 10_000,
    raw: Json = False,
) -> None:
    """Send dead letters again, to where they were read, in that order. What was sent again is not sent once more."""
    if letter is None and not (code or type_ or every):
        raise CliError("say which: an ID, --code, --type, or --all; --dry-run shows what would be sent")
    if letter is not None:
        done = [_sent(_known(service or ""), letter, dry_run)]
    else:
        asked = {"code": code, "type": type_, "all": every, "rate": rate, "dry_run": dry_run}
        done = []
        for name in chosen(service):
            done += _many_sent(name, asked, limit - len(done))
    if raw:
        show.as_json(done)
        return
    for each in done:
        show.console.print(_line(each), highlight=False)
    if letter is None:
        number = len(done) if dry_run else sum(each["sent"] for each in done)
        show.console.print(f"{number} {'would be sent' if dry_run else 'sent'} again", highlight=False)


def _many_sent(service: str, asked: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Those that wait now: what comes back dead while they are sent lies behind them in its slot, and is not sent on."""
    there = _pages(service, {**asked, "dry_run": True}, most)
    if asked["dry_run"]:
        return there
    slots = Counter(each["id"].rpartition("@")[0] for each in there)
    return [each for slot, count in slots.items() for each in _pages(service, asked, count, f"{slot}@")]


def _pages(service: str, asked: dict[str, Any], most: int, after: str | None = "") -> list[dict[str, Any]]:
    done = list[dict[str, Any]]()
    while after is not None and len(done) < most:
        page = {**asked, "after": after, "limit": min(PAGE, most - len(done))}
        found = tell_admin(service, "/v1/dead/redrive", page)
        done += [{"service": service, **each} for each in found["items"]]
        after = found["next"]
    return done


def letters(service: str, path: str) -> Any:
    """What the admin door of a service says of dead letters. Raises `CliError`."""
    found = ask_admin(service, f"/v1/dead{path}")
    if "code" in found and "title" in found:
        raise CliError(f"{service}: {found['detail']}")
    return found


def _sent(service: str, letter: str, dry_run: bool) -> dict[str, Any]:
    if dry_run:
        return {"service": service, "id": letter, "sent": False}
    found = tell_admin(service, f"/v1/dead/{segment(letter)}/redrive", {})
    return {"service": service, "sent": True, **found}


def _line(each: dict[str, Any]) -> str:
    if not each["sent"]:
        return f"{each['service']} {each['id']}" + (f": not sent, {each['detail']}" if "detail" in each else "")
    return (
        f"{each['service']} {each['id']}: sent again at {each['redriven_at']} to {each['topic']}[{each['partition']}] "
        f"(attempt {each['attempts']}); if it is refused again, that is a new dead letter"
    )


def _compared(found: Any, raw: bool) -> None:
    if raw:
        show.as_json(found)
        return
    for edit in found["edits"]:
        show.console.print(f"{edit['at']} {edit['who']}: {edit['why']}", highlight=False, markup=False)
    columns = ("pointer", "what", "was", "now")
    show.table("", columns, ([each[column] for column in columns] for each in found["differences"]))


def _patch(file: Any) -> Iterator[Any]:
    if file is not None:
        try:
            yield from json.load(file)
        except (ValueError, TypeError):
            raise CliError("--changes must be a JSON array of operations: [{op, path, value}]") from None


def _setting(text: str) -> dict[str, Any]:
    pointer, is_there, value = text.partition("=")
    if not is_there:
        raise CliError(f"--set {pointer}: say POINTER=JSON, for example /value/amount='\"1.00\"'")
    try:
        return {"op": "add", "path": pointer, "value": json.loads(value)}
    except ValueError:
        return {"op": "add", "path": pointer, "value": value}


def chosen(service: str | None) -> list[str]:
    """The services meant: one, or all. Raises `CliError`."""
    return [_known(service)] if service else list(DOORS)


def _known(service: str) -> str:
    if service not in DOORS:
        raise CliError(f"there is no service {service}; there are {', '.join(DOORS)}")
    return service


def _cell(value: Any) -> object:
    return "" if value is None else value
