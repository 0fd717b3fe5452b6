"""The commands: `hearth --help` lists them."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from hearth.cli import play, show
from hearth.cli.again import rebuild, refold
from hearth.cli.ask import ask, segment
from hearth.cli.audit import audit
from hearth.cli.backup import backup, restore
from hearth.cli.books import loyalty
from hearth.cli.dead import dead
from hearth.cli.doctor import examine
from hearth.cli.errors import CliError
from hearth.cli.events import events
from hearth.cli.keys import keys
from hearth.cli.lag import lag
from hearth.cli.load import load
from hearth.cli.places import bootstrap, url_of
from hearth.cli.ready import ready
from hearth.cli.story import Story

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Hearth's tools.")
stories = typer.Typer(no_args_is_help=True, help="The story that must always work.")
customers = typer.Typer(no_args_is_help=True, help="Customers, as profile knows them.")
accounts = typer.Typer(no_args_is_help=True, help="Accounts of points, as loyalty keeps them.")
for _name, _part in (
    ("story", stories),
    ("customer", customers),
    ("account", accounts),
    ("loyalty", loyalty),
    ("events", events),
    ("dead", dead),
    ("audit", audit),
):
    app.add_typer(_part, name=_name)

QUIET = 3.0
"""Seconds without a change after which what is there is taken for the whole."""

Id = Annotated[str, typer.Argument(help="The customer's opaque id.")]
Json = Annotated[bool, typer.Option("--json", help="The service's answer as it is.")]
Seed = Annotated[int, typer.Option(help="Which shuffled order; the same seed gives the same one.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Tell it of other people.")]


@stories.command("play")
def play_story(seed: Seed = 1, fresh: Fresh = False) -> None:
    """Tell the story as outside systems would, shuffled and some of it twice, and show what became of it."""
    told = Story(fresh=fresh)
    _tell(told, seed)
    found = play.check(told, quiet=QUIET)
    for who, customer_id in play.customers(told).items():
        show.console.print(f"\n[bold]{who}[/]", highlight=False)
        show.account(ask("loyalty", f"/v1/accounts/{customer_id}"))
        show.console.print(f"curl {url_of('loyalty')}/v1/accounts/{customer_id}", highlight=False)
        show.console.print(f"curl {url_of('profile')}/v1/customers/{customer_id}", highlight=False)
    if not all(each.right for each in found):
        show.console.print(
            f"\n{_wrong(found)}\nThat is right if these people were used since the story was first told, "
            "or if the clocks did not stand while it was."
        )
    else:
        show.console.print(f"\n{_right(found)}", highlight=False)


@stories.command("check")
def check_story(
    seed: Seed = 1,
    fresh: Fresh = False,
    publish: Annotated[bool, typer.Option(help="Tell it first.")] = True,
    patience: Annotated[
        float, typer.Option(help="Seconds after which a number that is not right is wrong.")
    ] = play.PATIENCE,
) -> None:
    """Tell the story, compare every number of it; exit code 1 names what is wrong. The clocks must stand before it."""
    told = Story(fresh=fresh)
    if publish:
        _tell(told, seed)
    found = play.check(told, patience)
    show.checked(found)
    if not all(each.right for each in found):
        raise CliError(_wrong(found))
    show.console.print(f"\n{_right(found)}", highlight=False)


def _tell(told: Story, seed: int) -> None:
    sent, seconds = play.play(told, seed)
    once = len(told.events)
    show.console.print(
        f"sent {sent} records to crm.intake.* at {bootstrap()}: {once} facts in shuffled order (seed {seed}), "
        f"{sent - once} of them twice; {len(told.commands)} commands at the doors",
        highlight=False,
    )
    show.console.print(f"first visible fact after {seconds:.2f} s", highlight=False)


def _right(found: list[play.Checked]) -> str:
    return f"all {len(found)} numbers of the story are right"


def _wrong(found: list[play.Checked]) -> str:
    wrong = [each for each in found if not each.right]
    listed = "; ".join(
        f"{w.number.who} {w.number.asked} {w.number.value} is {w.found}, must be {w.number.expected}" for w in wrong
    )
    return f"{len(wrong)} of {len(found)} numbers of the story are wrong: {listed}"


@customers.command("show")
def show_customer(
    customer_id: Id,
    as_of: Annotated[str | None, typer.Option(help="Only what had happened by then (RFC 3339).")] = None,
    known_at: Annotated[str | None, typer.Option(help="Only what had been recorded by then (RFC 3339).")] = None,
    raw: Json = False,
) -> None:
    """A customer, now or at any time before."""
    found = ask("profile", f"/v1/customers/{segment(customer_id)}", as_of=as_of, known_at=known_at)
    show.as_json(found) if raw else show.customer(found)


@accounts.command("show")
def show_account(customer_id: Id, raw: Json = False) -> None:
    """Balances and tier."""
    found = ask("loyalty", f"/v1/accounts/{segment(customer_id)}")
    show.as_json(found) if raw else show.account(found)


@accounts.command("statement")
def show_statement(customer_id: Id, raw: Json = False) -> None:
    """All movements, in the order booked, with the balances after each."""
    lines = list(_lines(f"/v1/accounts/{segment(customer_id)}/statement"))
    show.as_json(lines) if raw else show.statement(lines)


@accounts.command("explain")
def explain_account(
    customer_id: Id,
    balance: Annotated[str, typer.Option(help="active, pending, held or debt.")] = "active",
    raw: Json = False,
) -> None:
    """Why a balance is what it is, down to the fact."""
    found = ask("loyalty", f"/v1/accounts/{segment(customer_id)}/explain", balance=balance)
    show.as_json(found) if raw else show.explanation(found)


@app.command("publish")
def publish_events(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="Structured CloudEvents, one a line; - is standard input.")
    ],
) -> None:
    """Publish events of your own to the journal. None is sent if one of them is not acceptable."""
    facts = list(play.facts_in(file))
    play.publish(facts)
    show.console.print(f"published {len(facts)} facts to the journal at {bootstrap()}", highlight=False)


app.command("load")(load)
app.command("lag")(lag)
app.command("keys")(keys)
app.command("ready")(ready)
app.command("rebuild")(rebuild)
app.command("refold")(refold)
app.command("backup")(backup)
app.command("restore")(restore)


@app.command("doctor")
def doctor(raw: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Services, topics, indexes, watermarks, clocks, keys, lag, dead letters: each finding with what to do.

    Exit code 1 if something is not right.
    """
    examine(raw)


def _lines(path: str) -> Iterator[Any]:
    cursor = None
    while True:
        page = ask("loyalty", path, limit=200, cursor=cursor)
        yield from page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return
