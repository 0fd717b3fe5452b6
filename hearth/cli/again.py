"""`hearth rebuild`, `hearth refold`: views from the chains, states from the facts, while everything goes on."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer

from hearth.cli import show
from hearth.cli.ask import tell_admin
from hearth.cli.dead import Json
from hearth.cli.errors import CliError
from hearth.cli.paging import pages, progress
from hearth.cli.places import DOORS

Service = Annotated[str, typer.Argument(help="profile, leads, loyalty or service_tickets.", show_default=False)]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]
PAGE = 500


def rebuild(service: Service, dry_run: Dry = False, raw: Json = False) -> None:
    """Compare every view with the newest version of its chain, and put right those that differ. Services go on."""
    total = _all(service, "/v1/rebuild", {"dry_run": dry_run})
    for kind in total.pop("kinds")[1:]:  # of all kinds of entities, not only the first
        more = _all(service, "/v1/rebuild", {"dry_run": dry_run, "kind": kind})
        total |= {name: total[name] + more[name] for name in ("entities", "changed", "ids")}
    _show(service, "views", total, dry_run, raw)


def refold(
    service: Service,
    dry_run: Dry = False,
    run: Annotated[str, typer.Option(help="Its name; begun again under it, each entity is folded once.")] = "",
    raw: Json = False,
) -> None:
    """Fold every entity's facts again by the rules and policies of now: after a rule was mended, or a policy corrected.

    What differs becomes one more version and is made known as a correction. All processes must run the same release. Of
    loyalty, these are accounts: what the budget of a campaign has granted stays granted.
    """
    name = run or f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    total = _all(service, "/v1/refold", {"dry_run": dry_run, "run": name})
    _show(service, "states", {each: total[each] for each in total if each != "kinds"}, dry_run, raw, name)


def _all(service: str, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    if service not in DOORS:
        raise CliError(f"there is no service {service}: {', '.join(DOORS)}")
    total: dict[str, Any] = {"service": service, "entities": 0, "changed": 0, "ids": [], "kinds": []}
    with progress(f"{service}: begun") as say:
        for page in pages(partial(tell_admin, service, path), {**asked, "limit": PAGE}):
            total["entities"] += page["entities"]
            total["changed"] += page["changed"]
            total["kinds"] = page.get("kinds", [])
            total["ids"] = (total["ids"] + page["ids"])[:20]
            say(f"{service}: {total['entities']} looked at, {total['changed']} differ")
    return total


def _show(service: str, what: str, total: dict[str, Any], dry_run: bool, raw: bool, run: str = "") -> None:
    if raw:
        show.as_json({**total, "dry_run": dry_run, **({"run": run} if run else {})})
        return
    done = "would be put right" if dry_run else "put right"
    show.console.print(
        f"{service}: {total['entities']} entities, {total['changed']} {what} {done}", highlight=False, soft_wrap=True
    )
    for entity in total["ids"]:
        show.console.print(f"  {entity}", highlight=False)
