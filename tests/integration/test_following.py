"""How far an event of a merged customer is: known where it came in, with what it caused at the survivor."""

from typing import Any

from tests.integration.test_events import customer_of, event, key, phone, post, visit, who
from tests.running import Hearth, until


def places(hearth: Hearth, of: Any) -> dict[str, Any]:
    """Where an event is, service by service."""
    return hearth.http("profile", f"/v1/events?source=/test&id={of['id']}").body["services"]


def applied(states: dict[str, Any]) -> bool:
    """Whether every service that has a rule for it has applied it."""
    return {place["state"] for place in states.values()} <= {"applied", "not_read"}


def test_an_event_of_a_merged_customer_is_found_at_the_survivor(hearth: Hearth) -> None:
    """What came before the merge stays where it was; what came after was handed on, and is known with what it caused."""
    numbers = phone(), phone()
    before = [visit(who(("phone", number))) for number in numbers]
    a, b = (customer_of(post(hearth, of)) for of in before)
    for of in before:
        until(lambda of=of: places(hearth, of), applied, "applied")
    merged = hearth.http("profile", f"/v1/customers/{a}/merge", body={"with": b}, headers=key())
    alias = numbers[(a, b).index(merged.body["merged"])]
    after = [
        visit(who(("phone", alias)), time="2026-03-16T01:00:00Z"),
        event("crm.complaint.raised.v1", who(("phone", alias)), channel="app", category="noise"),
    ]
    for of in after:
        assert customer_of(post(hearth, of)) == merged.body["merged"]
    visited, complained = (until(lambda of=of: places(hearth, of), applied, "applied") for of in after)
    assert {name for name, place in visited.items() if place["state"] == "applied"} == {"profile", "leads", "loyalty"}
    assert [caused["type"] for caused in visited["loyalty"]["caused"]] == ["crm.points.earned.v1"]
    assert "crm.ticket.opened.v1" in [caused["type"] for caused in complained["service_tickets"]["caused"]]
    for of in before:  # still; a service that does not answer within a second is asked again
        until(lambda of=of: places(hearth, of), applied, "applied")
