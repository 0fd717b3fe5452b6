"""Which leads a customer must have, out of all facts at once. Imports nothing of ours.

A fact is a dict: `source, id, type, subject, time` (aware datetime) and `data` as in the JSON of the event.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

Fact = Mapping[str, Any]
STAGES = {"crm.deal.reserved.v1": "RESERVED", "crm.deal.subscribed.v1": "SUBSCRIBED", "crm.deal.signed.v1": "WON"}
OPENING = {
    "crm.lead.captured.v1",
    "crm.visit.scheduled.v1",
    "crm.visit.completed.v1",
    "crm.visit.missed.v1",
    *STAGES,
}
LADDER = ["NEW", "ASSIGNED", "CONTACTED", "VISITED", "RESERVED", "SUBSCRIBED", "WON"]


def place(fact: Fact) -> tuple[Any, str, str]:
    """Facts order by time, then source and id."""
    return fact["time"], fact["source"], fact["id"]


def leads(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """Each lead as project, first (source, id), state and number of touches; by project, then time."""
    facts = sorted(facts, key=place)
    projects = sorted({fact["data"]["project_id"] for fact in facts if fact["type"] in OPENING})
    parts = {project: periods(facts, project) for project in projects}
    whole = [(project, period) for project in projects for period in parts[project]]
    return [described(facts, project, period, parts[project], len(whole)) for project, period in whole]


def periods(facts: list[Fact], project: str) -> list[tuple[list[Fact], bool]]:
    """The opening facts of a project, lead by lead, and whether each lead is lost.

    A lead is lost at the first moment at which every deal begun by then is cancelled in full, and there is one.
    """
    opening = [fact for fact in facts if fact["type"] in OPENING and fact["data"]["project_id"] == project]
    deals = [deal for deal in all_deals(facts) if deal["project"] == project]
    found = []
    while opening:
        moments = sorted(deal["ended"] for deal in deals if deal["ended"])
        lost = next((moment for moment in moments if all_over(deals, moment)), None)
        own = [fact for fact in opening if lost is None or place(fact) <= lost]
        opening = opening[len(own) :]
        deals = [deal for deal in deals if lost is not None and deal["began"] > lost]
        if own:
            found.append((own, lost is not None))
    return found


def all_over(deals: list[dict[str, Any]], moment: Any) -> bool:
    """Whether all deals begun by a moment have ended by it."""
    begun = [deal for deal in deals if deal["began"] <= moment]
    return bool(begun) and all(deal["ended"] and deal["ended"] <= moment for deal in begun)


def all_deals(facts: list[Fact]) -> list[dict[str, Any]]:
    """Every deal that reached a stage."""
    names = {fact["data"]["deal_id"] for fact in facts if fact["type"] in STAGES}
    return [deal([fact for fact in facts if fact["data"].get("deal_id") == name]) for name in sorted(names)]


def deal(facts: list[Fact]) -> dict[str, Any]:
    """One deal: project, beginning, and when nothing was left of it any more."""
    steps = [fact for fact in facts if fact["type"] in STAGES]
    stage = max((STAGES[fact["type"]] for fact in steps), key=LADDER.index)
    word = {"RESERVED": "reserved", "SUBSCRIBED": "subscribed", "WON": "signed"}[stage]
    prices = [
        fact["data"]["price"]["amount"]
        for fact in facts
        if fact["type"] in (f"crm.deal.{word}.v1", "crm.deal.changed.v1") and fact["data"].get("price")
    ]
    gone = [f for f in facts if f["type"] == "crm.deal.cancelled.v1" and f["data"]["stage"] == word]
    taken = sum((Decimal(fact["data"]["cancelled_amount"]["amount"]) for fact in gone), Decimal(0))
    whole = word == "reserved" or not prices or taken >= Decimal(prices[-1])
    return {
        "id": steps[0]["data"]["deal_id"],
        "project": steps[-1]["data"]["project_id"],
        "stage": stage,
        "began": place(steps[0]),
        "ended": max(place(gone[-1]), place(steps[-1])) if gone and whole else None,
    }


def described(
    facts: list[Fact], project: str, period: tuple[list[Fact], bool], periods_: list[Any], leads_: int
) -> dict[str, Any]:
    """A lead, with the contacts and deals that belong to it."""
    opening, lost = period
    deals = {fact["data"]["deal_id"] for fact in opening if fact["type"] in STAGES}
    mine = [d for d in all_deals(facts) if d["project"] == project and d["id"] in deals]
    calls = [fact for fact in facts if is_contact_of(fact, project, period, periods_, leads_)]
    named = [fact for fact in [*opening, *calls] if fact["type"] not in STAGES and fact["data"].get("agent_id")] + [
        f
        for f in facts
        if f["type"] in STAGES and f["data"]["deal_id"] in {d["id"] for d in mine} and f["data"].get("agent_id")
    ]
    reached = {"NEW"} | {d["stage"] for d in mine if d["began"] >= place(opening[0])}
    reached |= {"ASSIGNED"} if named else set()
    reached |= {"CONTACTED"} if any(spoke(call) for call in calls) else set()
    reached |= {"VISITED"} if any(fact["type"] == "crm.visit.completed.v1" for fact in opening) else set()
    return {
        "project": project,
        "first": (opening[0]["source"], opening[0]["id"]),
        "state": "LOST" if lost else max(reached, key=LADDER.index),
        "touches": sum(fact["type"] == "crm.lead.captured.v1" for fact in opening),
    }


def spoke(call: Fact) -> bool:
    """Whether the customer was reached."""
    return call["data"]["outcome"] == "connected" or bool(call["data"].get("effective"))


def is_contact_of(fact: Fact, project: str, period: tuple[list[Fact], bool], periods_: list[Any], leads_: int) -> bool:
    """Whether a contact belongs to this lead: by its project and time, or as the only lead of the customer."""
    if fact["type"] != "crm.lead.contacted.v1":
        return False
    named = fact["data"].get("project_id")
    if named is None:
        return leads_ == 1
    begun = [each for each in periods_ if place(each[0][0]) <= place(fact)]
    return named == project and (begun[-1] if begun else periods_[0]) is period
