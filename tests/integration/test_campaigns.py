"""Campaigns on running services: drafted, simulated and scheduled by both doors, and one budget that 32 processes spend."""

import subprocess
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from hearth.loyalty.v1 import loyalty_pb2 as pb
from services.loyalty.api.campaigns import NOTICE
from tests.foreign import events
from tests.integration.members import STRUCTURED
from tests.running import Answer, Hearth, until

pytestmark = pytest.mark.integration

MARCH = {"starts": "2026-03-01T00:00:00Z", "ends": "2036-03-01T00:00:00Z"}
PROCESSES, EACH, POINTS, BUDGET = 32, 10, 50, 10_000

SPENDER = """
import json, sys, uuid
from confluent_kafka import Producer
from chassis.publish import SETTINGS
from tests.foreign import events
bootstrap, topic, project, number = sys.argv[1:]
producer = Producer({**SETTINGS, "bootstrap.servers": bootstrap})
for _ in range(int(number)):
    who = events.someone()
    record = events.line(events.visit(who, project)).encode()
    for _ in range(2):
        producer.produce(topic, record, who.encode(), headers=[("content-type", b"application/cloudevents+json")])
    print(who)
assert producer.flush(120) == 0
"""


def key() -> dict[str, str]:
    return {"idempotency-key": str(uuid.uuid4())}


def metadata() -> list[tuple[str, str]]:
    return list(key().items())


def tell(hearth: Hearth, path: str, body: Any = None, **headers: str) -> Answer:
    return hearth.http("loyalty", f"/v1/campaigns{path}", body=body or {}, headers={**key(), **headers})


def drafted(hearth: Hearth, project: str, **more: Any) -> Any:
    """A campaign for visits to one project, so that no other test's visits are for it."""
    condition = f'fact.project_id == "{project}"'
    promised = {"name": "Spring", "kind": "visit", **MARCH, "budget": 120, "bonus": 50, "condition": condition, **more}
    return tell(hearth, "", promised)


def scheduled(hearth: Hearth, campaign_id: str) -> None:
    """Scheduled, and in force."""
    answer = tell(hearth, f"/{campaign_id}/schedule")
    assert (answer.status, answer.body["state"]) == (200, "SCHEDULED"), answer
    since = datetime.fromisoformat(answer.body["in_force_from"].replace("Z", "+00:00"))
    until(lambda: datetime.now(UTC), lambda now: now > since, "the campaign is in force", NOTICE.total_seconds() + 10)


def visited(hearth: Hearth, project: str, *people: str) -> None:
    hearth.publish([(who, events.line(events.visit(who, project)).encode(), STRUCTURED) for who in people])


@pytest.fixture
def project() -> str:
    return f"P-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"budget": 0}, "campaign_without_budget"),
        ({"ends": "2026-02-01T00:00:00Z"}, "campaign_dates"),
        ({"bonus": 0}, "campaign_value"),
        ({"condition": "fact.projekt == 1"}, "invalid_condition"),
        ({"tiers": [{"lowest": "base", "highest": "gold", "bonus": 1}] * 2}, "tiers_overlap"),
        ({"budget": -1}, "invalid_request"),
        ({"kind": "lottery"}, "invalid_request"),
        ({"starts": "2026-03-01T00:00:00"}, "invalid_request"),
    ],
)
def test_what_is_no_campaign_is_refused(hearth: Hearth, project: str, change: Any, code: str) -> None:
    answer = drafted(hearth, project, **change)
    assert (answer.status, answer.body["code"]) == (422, code), answer
    if code == "invalid_condition":
        assert answer.body["detail"].startswith("1:5: undeclared reference"), answer.body


def test_a_draft_is_changed_by_both_doors(hearth: Hearth, loyalty: Any, project: str) -> None:
    first = drafted(hearth, project)
    name, version = first.body["campaign_id"], first.headers["etag"]
    promised = {"name": "Summer", "kind": "visit", **MARCH, "budget": 500, "percent": 100}

    def put(path: str, body: Any, **more: str) -> Answer:
        return hearth.http("loyalty", f"/v1/campaigns/{path}", body=body, headers={**key(), **more}, method="PUT")

    changed = put(name, promised, **{"if-match": version})
    assert (changed.status, changed.body["state"], changed.body["left"]) == (200, "DRAFT", 500), changed
    assert put(name, promised, **{"if-match": version}).status == 412
    for body, code in (
        ({**promised, "budget": 0}, "campaign_without_budget"),
        ({**promised, "condition": "1 +"}, "invalid_condition"),
    ):
        assert put(name, body).body["code"] == code
    assert put("never", promised).body["code"] == "unknown_campaign"
    read = loyalty.GetCampaign(pb.GetCampaignRequest(campaign_id=name))
    assert (read.campaign.campaign.name, read.campaign.campaign.percent, read.campaign.campaign.condition) == (
        "Summer",
        100,
        "",
    )
    read.campaign.campaign.budget = 700
    asked = pb.UpdateCampaignRequest(campaign_id=name, campaign=read.campaign.campaign, expected_version=read.version)
    assert loyalty.UpdateCampaign(asked, metadata=metadata()).left == 700
    assert tell(hearth, f"/{name}/end").body["state"] == "ENDED"
    assert put(name, promised).body["code"] == "wrong_campaign_state"
    with pytest.raises(grpc.RpcError) as refused:
        loyalty.UpdateCampaign(asked, metadata=metadata())
    assert refused.value.code() == grpc.StatusCode.ABORTED  # type: ignore[attr-defined]


def test_a_campaign_lives_by_both_doors(hearth: Hearth, loyalty: Any, project: str) -> None:
    people = [events.someone() for _ in range(4)]
    once = {"idempotency-key": str(uuid.uuid4())}
    promised = {"name": "Spring", "kind": "visit", **MARCH, "budget": 120, "bonus": 50}
    promised["condition"] = f'fact.project_id == "{project}"'
    first, again = (hearth.http("loyalty", "/v1/campaigns", body=promised, headers=once) for _ in range(2))
    assert (first.status, first.body) == (201, again.body)
    name = first.body["campaign_id"]
    read = loyalty.GetCampaign(pb.GetCampaignRequest(campaign_id=name))
    assert (read.campaign.state, read.campaign.left, read.campaign.campaign.bonus) == ("DRAFT", 120, 50)
    visited(hearth, project, people[0])
    hearth.eventually(people[0], active=50)
    told = loyalty.SimulateCampaign(pb.SimulateCampaignRequest(campaign_id=name, limit=500))
    assert told.members[people[0]] == 50
    found = hearth.cli("loyalty", "simulate", name, "--json")
    assert found.returncode == 0 and '"budget_used": 50' in found.stdout, (found.stdout, found.stderr)
    assert hearth.http("loyalty", f"/v1/campaigns/{name}").body["used"] == 0
    scheduled(hearth, name)
    for who, active in zip(people[1:], (100, 100, 70), strict=True):
        visited(hearth, project, who)
        hearth.eventually(who, active=active)
    shown = hearth.http("loyalty", f"/v1/campaigns/{name}").body
    assert (shown["state"], shown["used"], shown["left"], shown["refused"], shown["grants"]) == (
        "ACTIVE",
        120,
        0,
        30,
        3,
    )
    reasons = hearth.http("loyalty", f"/v1/accounts/{people[3]}/explain").body["reasons"]
    assert [(each["points"], each["campaign_id"]) for each in reasons] == [(50, None), (20, name)]
    cause = reasons[0]["cause"]
    path = f"/v1/accounts/{people[3]}/explain/fact?source={cause['source']}&fact={cause['id']}"
    said = {each["campaign_id"]: each for each in hearth.http("loyalty", path).body["campaigns"]}[name]
    assert (said["why"], said["asked"], said["given"]) == ("campaign_granted_in_part", 50, 20)
    assert loyalty.PauseCampaign(pb.PauseCampaignRequest(campaign_id=name), metadata=metadata()).state == "PAUSED"
    assert tell(hearth, f"/{name}/pause").body["code"] == "wrong_campaign_state"
    assert loyalty.ResumeCampaign(pb.ResumeCampaignRequest(campaign_id=name), metadata=metadata()).state == "SCHEDULED"
    assert tell(hearth, f"/{name}/end", **{"if-match": '"1"'}).status == 412
    assert tell(hearth, f"/{name}/end").body["state"] == "ENDED"
    listed = loyalty.ListCampaigns(pb.ListCampaignsRequest(page_size=200)).campaigns
    assert {each.campaign_id: each.state for each in listed}[name] == "ENDED"
    with pytest.raises(grpc.RpcError) as refused:
        loyalty.EndCampaign(pb.EndCampaignRequest(campaign_id="never"), metadata=metadata())
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND  # type: ignore[attr-defined]
    rebuild = ("rebuild", "loyalty", "--dry-run", "--json")  # a view follows its entity a moment later
    until(lambda: hearth.cli(*rebuild), lambda done: '"changed": 0' in done.stdout, "no view is wrong", 120)
    campaigns = hearth.admin("loyalty", "/v1/rebuild", body={"dry_run": True, "kind": "campaign"}).body
    assert set(campaigns["kinds"]) >= {"account", "campaign", "bonus"} and campaigns["entities"] > 0
    until(lambda: hearth.cli("loyalty", "reconcile"), lambda done: done.returncode == 0, "the books are right", 120)


def test_32_processes_spend_one_budget_to_exactly_nothing(hearth: Hearth, project: str) -> None:
    """320 members want 50 points each out of 10,000; every visit is sent twice."""
    name = drafted(hearth, project, budget=BUDGET).body["campaign_id"]
    scheduled(hearth, name)
    arguments = [sys.executable, "-c", SPENDER, hearth.bootstrap, hearth.journal, project, str(EACH)]
    running = [
        subprocess.Popen(arguments, env=hearth.settings, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    people = [who for each in running for who in each.communicate(timeout=280)[0].split()]
    assert [each.returncode for each in running] == [0] * PROCESSES and len(people) == PROCESSES * EACH
    asked = PROCESSES * EACH * POINTS

    def shown() -> Any:
        return hearth.http("loyalty", f"/v1/campaigns/{name}").body

    spent = until(shown, lambda found: found["used"] + found["refused"] == asked, "every request is answered", 240)
    assert (spent["used"], spent["left"], spent["grants"]) == (BUDGET, 0, BUDGET // POINTS)

    def given() -> int:
        return sum(hearth.account(who).get("active", 0) for who in people) - PROCESSES * EACH * POINTS

    until(given, lambda points: points == BUDGET, "members have it", 120)
    hearth.at_rest()
    assert (given(), shown()["used"]) == (BUDGET, BUDGET), "and no more comes"
