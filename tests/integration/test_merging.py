"""Two customers become one person in all four services, and two again, by HTTP and on engines."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.running import Hearth, until

NOW = datetime.now(UTC)
BEGIN = (NOW - timedelta(days=28 + NOW.weekday() - 1)).replace(hour=4, minute=0, second=0, microsecond=0)
"""Noon in Shanghai on a Tuesday four weeks ago: what happens in the hours after it is in one week, whenever this is run."""


class Somebody:
    """A person known by one phone number."""

    def __init__(self, hearth: Hearth) -> None:
        self.hearth, self.mark = hearth, uuid.uuid4().hex[:10]
        self.phone = {"type": "phone", "value": f"+86 138 {int(self.mark[:6], 16) % 10**8:08}"}

    def tell(self, name: str, type_: str, time: datetime, **data: Any) -> None:
        """Send one fact."""
        event = {
            "specversion": "1.0", "type": type_, "source": f"/test/{self.mark}", "id": name,
            "time": time.isoformat(),
            "data": {"contact": {"identifiers": [self.phone]}, **data},
        }  # fmt: skip
        sent = self.hearth.http(
            "profile", "/v1/events", body=event, headers={"content-type": "application/cloudevents+json"}
        )
        assert sent.status == 202, sent.body

    @property
    def id(self) -> str:
        """The customer id the person goes by now."""
        return self.hearth.http("profile", "/v1/customers/search", body=self.phone).body["customer_id"]


QUESTIONS = {
    "account": ("loyalty", "/v1/accounts/{}"),
    "leads": ("leads", "/v1/customers/{}/leads"),
    "tickets": ("service_tickets", "/v1/customers/{}/tickets"),
    "customer": ("profile", "/v1/customers/{}"),
}


def seen(hearth: Hearth, customer_id: str) -> dict[str, Any]:
    """What all four services say of a customer, without the id it was asked by."""
    answers = {name: hearth.http(service, path.format(customer_id)) for name, (service, path) in QUESTIONS.items()}
    bodies = {name: answer.body if answer.status == 200 else {} for name, answer in answers.items()}
    return {name: _without_ids(body) for name, body in bodies.items()}


def _without_ids(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: _without_ids(value) for key, value in body.items() if key != "customer_id"}
    return [_without_ids(each) for each in body] if isinstance(body, list) else body


def figures(found: dict[str, Any]) -> tuple[Any, ...]:
    """Points, touches of each lead, tickets, facts: each service shows by one of them that it has followed a merge."""
    return (
        found["account"].get("active"),
        [len(lead["touches"]) for lead in found["leads"].get("items", [])],
        len(found["tickets"].get("items", [])),
        found["customer"].get("facts"),
    )


def _facts(found: dict[str, Any]) -> dict[str, Any]:
    """What profile knows by the customer's own facts; the score comes from another service, a moment later."""
    return {name: value for name, value in found["customer"].items() if name != "satisfaction"}


def two_people(hearth: Hearth) -> tuple[Somebody, Somebody]:
    """One with a visit and a fresh complaint, one with two visits in the same project, one of them in the same week."""
    one, other = Somebody(hearth), Somebody(hearth)
    hour, fresh = timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    one.tell("lead", "crm.lead.captured.v1", BEGIN, project_id="P1", channel="web")
    one.tell("visit", "crm.visit.completed.v1", BEGIN + hour, visit_id="V1", project_id="P1")
    one.tell("leak", "crm.complaint.raised.v1", fresh, channel="call", category="leak", project_id="P1")
    other.tell("lead", "crm.lead.captured.v1", BEGIN + 3 * hour, project_id="P1", channel="wechat")
    other.tell("visit", "crm.visit.completed.v1", BEGIN + 4 * hour, visit_id="V2", project_id="P1")
    other.tell("again", "crm.visit.completed.v1", BEGIN + timedelta(days=8), visit_id="V3", project_id="P1")
    return one, other


def wait_for(hearth: Hearth, customer_id: str, expected: tuple[Any, ...]) -> dict[str, Any]:
    return until(lambda: seen(hearth, customer_id), lambda found: figures(found) == expected, f"{expected}", 120)


def test_merge_and_unmerge_in_all_four_services(hearth: Hearth) -> None:
    one, other = two_people(hearth)
    a, b = one.id, other.id
    parts = {a: wait_for(hearth, a, (50, [1], 1, 3)), b: wait_for(hearth, b, (100, [1], 0, 3))}

    asked = {"idempotency-key": uuid.uuid4().hex}
    merged = hearth.http("profile", f"/v1/customers/{a}/merge", body={"with": b}, headers=asked)
    assert merged.status == 200, merged.body
    assert hearth.http("profile", f"/v1/customers/{a}/merge", body={"with": b}, headers=asked).body == merged.body
    wait_for(hearth, a, (100, [2], 1, 6))  # two of the three visits were in one week: counted once now
    until(lambda: [seen(hearth, each) for each in (a, b)], lambda both: both[0] == both[1], "one answer for both ids")
    assert one.id == other.id == merged.body["survivor"]

    loser = one if merged.body["merged"] == a else other
    loser.tell("late", "crm.visit.completed.v1", BEGIN + timedelta(days=16), visit_id="V4", project_id="P1")
    wait_for(hearth, a, (150, [2], 1, 7))

    undone = hearth.http(
        "profile", f"/v1/customers/{a}/unmerge", body={"merge_id": merged.body["merge_id"]},
        headers={"idempotency-key": uuid.uuid4().hex},
    )  # fmt: skip
    assert undone.status == 200, undone.body
    kept = b if loser is one else a
    assert _facts(wait_for(hearth, kept, figures(parts[kept]))) == _facts(parts[kept])
    left = merged.body["merged"]
    points, leads, tickets, facts = figures(parts[left])
    wait_for(hearth, left, (points + 50, leads, tickets, facts + 1))
    assert one.id != other.id


def test_an_account_is_explained_after_merges_too(hearth: Hearth) -> None:
    one, other = two_people(hearth)
    a, b = one.id, other.id
    wait_for(hearth, a, (50, [1], 1, 3))
    wait_for(hearth, b, (100, [1], 0, 3))
    key = {"idempotency-key": uuid.uuid4().hex}
    assert hearth.http("profile", f"/v1/customers/{a}/merge", body={"with": b}, headers=key).status == 200
    wait_for(hearth, a, (100, [2], 1, 6))
    for customer_id in (a, b):  # each of them hears of the merge by itself
        told = until(
            lambda path=f"/v1/accounts/{customer_id}/explain?balance=active": hearth.http("loyalty", path).body,
            lambda told: any(reason["why"] == "merge_correction" for reason in told["reasons"]),
            "the correction",
        )
        assert told["total"] == 100
