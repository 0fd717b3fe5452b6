"""Four services with authentication: who may do what at real doors, what is masked, what is written down."""

import json
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from contracts.access import ACCESS
from deploy.local import stack
from deploy.local.issuer import Issuer
from hearth.leads.v1 import leads_pb2, leads_pb2_grpc
from hearth.profile.v1 import profile_pb2 as pb
from hearth.profile.v1 import profile_pb2_grpc
from tests.integration.access import STRUCTURED, Person, ask, bearer, entries, whole_360
from tests.journeys import intake
from tests.running import Hearth, request, until

REASON = "the buyer asked us to call back"


def test_without_a_good_token_nothing_is_answered(guarded: Hearth, issuer: Issuer) -> None:
    path = "/v1/customers/nobody"
    for headers in (
        {},
        {"authorization": "Basic YTpi"},
        bearer("x.y.z"),
        bearer(issuer.token("a", "ops", seconds=-60)),
    ):
        answer = guarded.http("profile", path, headers=headers)
        assert (answer.status, answer.body["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    token = issuer.token("a", "privacy_officer")
    assert guarded.http("profile", f"{path}?access_token={token}").status == 401, "a token in the URL is none"
    assert guarded.http("profile", "/v1/events", body=b"{not json", headers={}).status == 401, "before anything is read"
    for service in ("profile", "leads", "loyalty", "service_tickets"):
        assert guarded.admin(service, "/v1/state").status == 401
        assert guarded.admin(service, "/metrics").status == 200
        assert guarded.admin(service, "/livez").status == 200


def test_a_role_reaches_what_is_in_its_projects(guarded: Hearth, issuer: Issuer, person: Person) -> None:
    path = f"/v1/customers/{person.customer}"
    assert ask(guarded, issuer, "consultant", path).status == 200
    other = ask(guarded, issuer, "consultant", path, projects=["P2"])
    assert (other.status, other.body["code"]) == (403, "forbidden")
    assert ask(guarded, issuer, "integration", path).status == 403
    assert ask(guarded, issuer, "a role that does not exist", path).status == 403
    lead = f"/v1/leads/{person.lead}"
    assert ask(guarded, issuer, "consultant", lead, service="leads").status == 200
    assert ask(guarded, issuer, "consultant", lead, service="leads", projects=["P2"]).status == 403
    assert ask(guarded, issuer, "consultant", "/v1/leads", service="leads").status == 403, "not all there are"
    assert ask(guarded, issuer, "consultant", "/v1/leads?project_id=P1", service="leads").status == 200
    assert ask(guarded, issuer, "consultant", "/v1/leads?project_id=P2", service="leads").status == 403
    assert ask(guarded, issuer, "consultant", "/v1/leads/unknown", service="leads").status == 404


def test_grpc_asks_the_same_gate(guarded: Hearth, issuer: Issuer, person: Person) -> None:
    with grpc.insecure_channel(guarded.service("leads").peer) as channel:
        get = leads_pb2_grpc.LeadsServiceStub(channel).GetLead
        wanted = leads_pb2.GetLeadRequest(lead_id=person.lead)

        def code(*metadata: tuple[str, str]) -> Any:
            try:
                get(wanted, metadata=metadata, timeout=60)
            except grpc.RpcError as error:
                return error.code()  # type: ignore[attr-defined]
            return None

        def shown(projects: list[str]) -> tuple[str, str]:
            return "authorization", f"Bearer {issuer.token('c', 'consultant', projects=projects)}"

        assert code() is grpc.StatusCode.UNAUTHENTICATED
        assert code(shown(["P2"])) is grpc.StatusCode.PERMISSION_DENIED
        assert code(shown(["P1"])) is None


def test_the_callers_own_token_goes_one_hop_further(guarded: Hearth, issuer: Issuer, person: Person) -> None:
    """What all services know, as far as this caller may see it there."""
    path = f"/v1/customers/{person.customer}/360"
    own = whole_360(lambda: ask(guarded, issuer, "consultant", path))
    assert own.status == 200, own.body
    assert own.body["leads"][0]["lead_id"] == person.lead
    text = json.dumps(own.body)
    assert "permission_denied" in text, "a consultant does not see points"
    everything = whole_360(
        lambda: ask(guarded, issuer, "service_manager", path, roles=["service_manager", "marketing"])
    )
    assert "permission_denied" not in json.dumps(everything.body)


def test_personal_values_are_masked_and_revealed_for_a_reason(guarded: Hearth, issuer: Issuer, person: Person) -> None:
    path = f"/v1/customers/{person.customer}"
    seen = ask(guarded, issuer, "consultant", f"{path}/personal").body["values"]
    masked = f"{person.phone[:3]}****{person.phone[-4:]}"
    (value,) = [each for each in seen if each["value"] == masked]
    assert person.phone not in json.dumps(seen)
    assert person.phone in json.dumps(ask(guarded, issuer, "privacy_officer", f"{path}/personal").body)
    references = {"references": [value["reference"]]}
    assert ask(guarded, issuer, "privacy_officer", f"{path}/reveal", references).status == 422, "no reason"
    assert ask(guarded, issuer, "consultant", f"{path}/reveal", references | {"reason": REASON}).status == 403
    clear = ask(guarded, issuer, "privacy_officer", f"{path}/reveal", references | {"reason": REASON})
    assert clear.body["values"] == {value["reference"]: person.phone}
    written = entries(guarded, issuer)
    revealed = next(e for e in written if e["operation"] == "customer.reveal" and e["why"] == REASON)
    assert (revealed["outcome"], revealed["what"]) == ("allowed", {"customer_id": person.customer})
    denied = next(e for e in written if e["operation"] == "customer.reveal" and e["outcome"] == "denied")
    assert denied["who"] == "consultant-1"
    assert person.phone not in json.dumps(written)


def test_revealing_is_limited(guarded: Hearth, issuer: Issuer, person: Person) -> None:
    path, body = f"/v1/customers/{person.customer}/reveal", {"references": ["x"] * 50, "reason": REASON}
    answers = [ask(guarded, issuer, "privacy_officer", path, body, sub="curious") for _ in range(3)]  # hours may change
    assert answers[0].status == 200
    assert [each.body["code"] for each in answers if each.status != 200][-1:] == ["too_many_requests"]


def test_the_audit_log_is_read_by_auditors_and_a_change_in_it_is_found(
    guarded: Hearth, issuer: Issuer, person: Person
) -> None:
    ask(guarded, issuer, "consultant", f"/v1/customers/{person.customer}", projects=["P9"])
    url = f"http://127.0.0.1:{guarded.service('profile').admin}/v1/audit"
    assert request(url, None, bearer(issuer.token("ops-1", "ops")), "").status == 403
    auditor = bearer(issuer.token("auditor-1", "auditor"))
    assert request(f"{url}/verify", None, auditor, "").status == 200
    settings = guarded.settings | {"HEARTH_TOKEN": issuer.token("auditor-1", "auditor")}
    guarded.settings, before = settings, guarded.settings
    try:
        done = guarded.cli("audit", "verify", "--service", "profile")
        assert (done.returncode, "whole" in done.stdout) == (0, True), done.stdout + done.stderr
        with guarded.database("profile") as database:
            changed = database["audit"].find_one_and_update({"outcome": "denied"}, {"$set": {"outcome": "allowed"}})
            try:
                found = guarded.cli("audit", "verify", "--service", "profile")
                assert found.returncode == 1
                assert f"entry {changed['_id']}" in found.stdout
            finally:
                database["audit"].update_one({"_id": changed["_id"]}, {"$set": {"outcome": "denied"}})
    finally:
        guarded.settings = before


def test_a_customers_reveal_by_grpc_needs_a_reason_too(guarded: Hearth, issuer: Issuer, person: Person) -> None:
    with grpc.insecure_channel(guarded.service("profile").peer) as channel:
        reveal = profile_pb2_grpc.ProfileServiceStub(channel).Reveal
        metadata = (("authorization", f"Bearer {issuer.token('officer', 'privacy_officer')}"),)
        with pytest.raises(grpc.RpcError) as refused:
            reveal(pb.RevealRequest(customer_id=person.customer, references=["x"]), metadata=metadata, timeout=60)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]


def test_a_table_that_contradicts_itself_stops_the_start(engines: stack.Engines, tmp_path: Path) -> None:
    table = yaml.safe_load(ACCESS.read_text())
    table["grants"].append({"role": "consultant", "scope": "all", "may": ["lead.read"]})
    (tmp_path / ACCESS.name).write_text(yaml.safe_dump(table))
    hearth = Hearth(engines, tmp_path, "all", {"HEARTH_POLICY_DIR": str(tmp_path)})
    with pytest.raises(Exception, match=r"consultant may lead\.read within project by an earlier row: keep one"):
        hearth.start()
    hearth.stop()


def test_settings_say_what_is_missing(engines: stack.Engines, tmp_path: Path) -> None:
    hearth = Hearth(engines, tmp_path, "all", {"HEARTH_AUTH": "oidc"})
    with pytest.raises(Exception, match="HEARTH_OIDC_ISSUER"):
        hearth.start()
    hearth.stop()


def test_a_ticket_is_answered_within_its_project_only(guarded: Hearth, issuer: Issuer, person: Person) -> None:
    """By both doors, about a real one of another project; the refusal is written down, nothing is done."""
    contact = {"identifiers": [{"type": "phone", "value": person.phone}]}
    about = {
        "contact": contact,
        "project_id": "P1",
        "channel": "app",
        "category": "leak",
        "text": f"call {person.phone}",
    }
    event = intake.event("crm.complaint.raised.v1", about)
    sender = bearer(issuer.token("app", "integration")) | STRUCTURED
    assert guarded.http("profile", "/v1/events", body=event, headers=sender).status == 202
    path = f"/v1/customers/{person.customer}/tickets"
    listed = until(
        lambda: ask(guarded, issuer, "service_agent", path, service="service_tickets"),
        lambda answer: answer.status == 200,
        "a ticket",
    )
    ticket = f"/v1/tickets/{listed.body['items'][0]['ticket_id']}"
    until(  # by its own id it is found when the view is there
        lambda: ask(guarded, issuer, "service_agent", ticket, service="service_tickets").status,
        lambda status: status == 200,
        "the ticket by its id",
    )
    assert ask(guarded, issuer, "service_agent", path, service="service_tickets", projects=["P2"]).status == 403
    refused = ask(
        guarded, issuer, "service_agent", f"{ticket}/respond", {}, "service_tickets", projects=["P2"], sub="p2"
    )
    assert (refused.status, refused.body["code"]) == (403, "forbidden")
    entry = next(each for each in entries(guarded, issuer, "service_tickets") if each["who"] == "p2")
    assert (entry["operation"], entry["outcome"], list(entry["what"])) == ("ticket.respond", "denied", ["ticket_id"])
    seen = ask(guarded, issuer, "service_agent", ticket, service="service_tickets").body
    assert seen["first_response"]["met_at"] is None
    told = ask(guarded, issuer, "service_agent", f"/v1/customers/{person.customer}/personal").body["values"]
    (text,) = [each["value"] for each in told if each["class"] == "free_text"]
    assert text == f"call {person.phone[:3]}****{person.phone[-4:]}"
