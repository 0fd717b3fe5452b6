"""`hearth events`: how far an event is, and events as they come."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from hearth.cli import show
from hearth.cli.ask import ask

events = typer.Typer(no_args_is_help=True, help="Events of outside systems, as they go through the services.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
SETTLED = {"applied", "not_read", "dead"}
PATIENCE = timedelta(seconds=5)
"""An event that is not settled everywhere by then is shown as it is."""

PAUSE = 0.5
PAGE = 100


@events.command("trace")
def trace(
    source: Annotated[str, typer.Argument(help="The event's source.")],
    event_id: Annotated[str, typer.Argument(metavar="ID", help="The event's id.")],
    wait: Annotated[float, typer.Option(help="Seconds to wait until every service is through with it.")] = 5.0,
    raw: Json = False,
) -> None:
    """How far an event is: accepted, in the journal, and what each service made of it."""
    deadline = time.monotonic() + wait
    while True:
        found = ask("profile", "/v1/events", source=source, id=event_id)
        if _settled(found) or time.monotonic() >= deadline:
            break
        time.sleep(PAUSE)
    show.as_json(found) if raw else followed(found)


@events.command("show")
def show_event(
    source: Annotated[str, typer.Argument(help="The event's source.")],
    event_id: Annotated[str, typer.Argument(metavar="ID", help="The event's id.")],
    raw: Json = False,
) -> None:
    """An event as it stands in the journal: attributes, and data with references in place of what is personal."""
    found = ask("profile", "/v1/events/journaled", source=source, id=event_id)
    if raw:
        show.as_json(found)
        return
    for number, record in enumerate(found["records"]):
        rows = [(name, value) for name, value in record.items() if name != "data"]
        show.table(f"{number + 1} of {len(found['records'])}", ("attribute", "value"), rows)
        show.as_json(record["data"])


@events.command("tail")
def tail(
    last: Annotated[int, typer.Option("-n", "--last", min=1, max=PAGE, help="So many of those before.")] = 20,
    follow: Annotated[bool, typer.Option(help="Go on with what comes; Ctrl-C ends it.")] = True,
    raw: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The last events and then each that comes, with what the services made of it."""
    shown = Shown(raw)
    try:
        shown.take(ask("profile", "/v1/events/latest", limit=last)["items"], hurry=not follow)
        while follow:
            time.sleep(PAUSE)
            shown.take(ask("profile", "/v1/events/latest", limit=PAGE, after=shown.since)["items"])
    except KeyboardInterrupt:
        show.console.print()


class Shown:
    """What was shown already, and where to go on."""

    def __init__(self, raw: bool = False) -> None:
        self.raw = raw
        self.seen: dict[tuple[str, str], datetime] = {}
        self.first: datetime | None = None
        self.since: str | None = None

    def take(self, items: list[Mapping[str, Any]], *, hurry: bool = False) -> None:
        """Show what is new, in order; what may still change waits for a few seconds unless in a hurry."""
        newest = max((_time(each) for each in items), default=None)
        for each in items:
            known = (each["source"], each["id"])
            old = newest is not None and newest - _time(each) > PATIENCE
            if known not in self.seen and (hurry or old or _settled(each)):
                self.seen[known] = _time(each)
                print(json.dumps(each), flush=True) if self.raw else show.console.print(line(each), highlight=False)
        self._move_on(items, newest)

    def _move_on(self, items: list[Mapping[str, Any]], newest: datetime | None) -> None:
        """Look again at the last seconds: several processes accept events, and the services are not through at once."""
        if newest is None:
            return
        self.first = self.first or min(_time(each) for each in items)
        start = newest if len(items) == PAGE else max(self.first, newest - PATIENCE)
        self.since = start.isoformat()
        self.seen = {name: at for name, at in self.seen.items() if at >= start}


def line(found: Mapping[str, Any]) -> str:
    """An event on a line."""
    places = "  ".join(f"{name} {_state(place)}" for name, place in found["services"].items())
    head = f"{found['recorded_at']}  {found['type']}  {found['source']} {found['id']}  {found['customer_id']}"
    return f"{head}  {'journaled' if found['journaled'] else 'waiting'}  {places}"


def followed(found: Mapping[str, Any]) -> None:
    """An event with everything that became of it."""
    show.console.print(f"[bold]{found['type']}[/] {found['source']} {found['id']}", highlight=False)
    show.console.print(f"accepted   {found['recorded_at']}, customer {found['customer_id']}", highlight=False)
    show.console.print(f"journaled  {'yes' if found['journaled'] else 'not yet'}", highlight=False)
    show.table("", ("service", "state", "version", "caused"), _rows(found["services"]))


def _rows(places: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for name, place in places.items():
        caused = [f"{fact['type']} {fact['id']}" for fact in place["caused"]]
        yield name, _state(place), place["seq"] or "", "\n".join(caused)


def _state(place: Mapping[str, Any]) -> str:
    return f"{place['state']} ({place['reason']})" if place["reason"] else place["state"]


def _settled(found: Mapping[str, Any]) -> bool:
    return found["journaled"] and all(place["state"] in SETTLED for place in found["services"].values())


def _time(found: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(found["recorded_at"])
