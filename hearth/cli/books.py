"""`hearth loyalty`: the books of all members and households, page by page, with progress."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import typer

from hearth.cli import show
from hearth.cli.ask import segment, tell
from hearth.cli.dead import Json
from hearth.cli.errors import CliError
from hearth.cli.paging import pages, progress

PAGE = 200
SHOWN = 20

loyalty = typer.Typer(no_args_is_help=True, help="The books of points, of all members together.")


@loyalty.command()
def reconcile(raw: Json = False) -> None:
    """Prove that every account and every pool is what its published ledger says, every transaction sums to zero, every lot
    balances.

    Nothing is changed. Exit code 1 names the accounts and households that are wrong.
    """
    total: dict[str, Any] = {"accounts": 0, "households": 0, "entries": 0, "sums": Counter(), "wrong": []}
    total["campaigns_used"] = 0
    for page in _pages("/v1/ledger/reconcile", {}, "entries"):
        total["campaigns_used"] += page["campaigns_used"]
        total["accounts"] += page["accounts"]
        total["households"] += page["households"]
        total["entries"] += page["entries"]
        total["wrong"] += page["wrong"]
        total["sums"].update(page["sums"])
    balanced = sum(total["sums"].values()) == 0
    if raw:
        show.as_json({**total, "balanced": balanced})
    else:
        show.table("ledger", ("account", "points"), sorted(total["sums"].items()))
        counted = f"{total['accounts']} accounts, {total['households']} households, {total['entries']} entries"
        show.console.print(counted, highlight=False)
    if total["sums"]["campaign"] + total["campaigns_used"]:
        given = (
            f"{total['campaigns_used']} points by their budgets, {-total['sums']['campaign']} by the ledgers of members"
        )
        raise CliError(f"campaigns have given {given}; if points are given just now, look again")
    if total["wrong"] or not balanced:
        named = "; ".join(f"{each['customer_id']}: {', '.join(each['problems'])}" for each in total["wrong"][:SHOWN])
        raise CliError(f"{len(total['wrong'])} accounts are not what their ledger says: {named}")
    if moved := total["sums"]["transferred"]:
        raise CliError(f"{moved} points are between members and pools; if points move just now, look again")


@loyalty.command()
def liability(raw: Json = False) -> None:
    """What members have in points, and the pools of households, and when it ends."""
    total: dict[str, Any] = {"accounts": 0, "quantities": Counter(), "ending": Counter()}
    for page in _pages("/v1/ledger/liability", {}, "accounts"):
        total["accounts"] += page["accounts"]
        total["quantities"].update(page["quantities"])
        total["ending"].update(page["ending"])
    total["liability"] = sum(total["quantities"].values())
    if raw:
        show.as_json(total)
        return
    show.table("points of members and pools", ("what", "points"), total["quantities"].items())
    show.table("they end", ("month", "points"), sorted(total["ending"].items()))
    show.console.print(f"{total['accounts']} accounts, liability {total['liability']} points", highlight=False)


@loyalty.command("re-emit")
def re_emit(
    send: Annotated[bool, typer.Option("--send", help="Send them; without it, they are only counted.")] = False,
    raw: Json = False,
) -> None:
    """Send again all that accounts have published on crm.fact.loyalty: the same bytes under the same ids."""
    accounts = facts = 0
    for page in _pages("/v1/ledger/re-emit", {"dry_run": not send}, "facts"):
        accounts, facts = accounts + page["accounts"], facts + page["facts"]
    if raw:
        show.as_json({"accounts": accounts, "facts": facts, "sent": send})
        return
    done = "sent again" if send else "would be sent again; --send does it"
    show.console.print(f"{facts} facts of {accounts} accounts {done}", highlight=False)


@loyalty.command()
def simulate(
    campaign_id: Annotated[str, typer.Argument(help="The campaign's id.")],
    since: Annotated[
        str | None, typer.Option(help="From this time (RFC 3339); without it, a year before `until`.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="To this time; without it, now.")] = None,
    raw: Json = False,
) -> None:
    """What a campaign would have given, by the facts that accounts have: to whom, what it costs, when its budget is spent.

    Nothing is written.
    """
    total: dict[str, Any] = {"accounts": 0, "earnings": 0, "cost": 0, "budget": 0}
    members, days, asked = Counter[str](), Counter[str](), {"since": since, "until": until}
    for page in _pages(f"/v1/campaigns/{segment(campaign_id)}/simulate", asked, "accounts"):
        total |= {name: total[name] + page[name] for name in ("accounts", "earnings", "cost")}
        total["budget"] = page["budget"]
        members.update(page["members"])
        days.update(page["days"])
    total |= {"members": len(members), "budget_used": min(total["cost"], total["budget"])}
    total["budget_spent_on"] = _spent_on(total["budget"], days)
    if raw:
        show.as_json({**total, "most": dict(members.most_common(SHOWN)), "days": dict(sorted(days.items()))})
        return
    show.table("would get most", ("member", "points"), members.most_common(SHOWN))
    show.table("the campaign", ("what", "how much"), total.items())


def _spent_on(budget: int, days: dict[str, int]) -> str | None:
    """The first day at whose end nothing is left of a budget; None if something always is."""
    spent = 0
    for day, points in sorted(days.items()):
        spent += points
        if spent >= budget:
            return day
    return None


def _pages(path: str, asked: dict[str, Any], counted: str) -> Iterator[dict[str, Any]]:
    seen = 0
    with progress("begun") as say:
        for page in pages(partial(tell, "loyalty", path), {**asked, "limit": PAGE}):
            seen += page[counted]
            say(f"{seen} {counted}")
            yield page
