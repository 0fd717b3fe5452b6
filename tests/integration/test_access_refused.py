"""What is refused at real doors: it is said clearly, it is written down, and nothing of it is repeated."""

import base64
import hmac
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from chassis.gate.issuer import verifier_of
from chassis.gate.tokens import FETCH_AGAIN, STALE, Keys
from deploy.local.issuer import Issuer
from hearth.leads.v1 import leads_pb2, leads_pb2_grpc
from tests.integration.access import Person, ask, bearer, entries
from tests.running import Hearth, request


def unsigned(issuer: Issuer, alg: str, secret: bytes = b"") -> str:
    """A token put together by hand: without a signature, or with one by a secret that is none."""
    good = issuer.token("mallory", "privacy_officer").split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": issuer.keys[-1].kid}).encode()).rstrip(b"=")
    text = f"{header.decode()}.{good}"
    mark = hmac.digest(secret, text.encode(), "sha256") if secret else b""
    return f"{text}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


def by_a_stranger(issuer: Issuer) -> str:
    key = ECKey.generate_key("P-256", parameters={"kid": "nobody's", "use": "sig"})
    claims = {"iss": issuer.url, "aud": "hearth", "sub": "mallory", "exp": 4_000_000_000, "roles": ["privacy_officer"]}
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


BAD: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "alg none": (lambda issuer: unsigned(issuer, "none"), "algorithm"),
    "public key as secret": (
        lambda issuer: unsigned(issuer, "HS256", issuer.keys[-1].as_pem(private=False)),
        "algorithm",
    ),
    "expired": (lambda issuer: issuer.token("mallory", "privacy_officer", seconds=-60), "expired"),
    "wrong audience": (lambda issuer: issuer.token("mallory", "privacy_officer", aud="another"), "aud"),
    "another issuer": (lambda issuer: issuer.token("mallory", "privacy_officer", iss="https://evil.example"), "iss"),
    "not yet": (lambda issuer: issuer.token("mallory", "privacy_officer", nbf=4_000_000_000), "nbf"),
    "unknown kid": (by_a_stranger, "does not have"),
    "a reserved role": (lambda issuer: issuer.token("mallory", "local-admin"), "only Hearth"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_token_is_refused_clearly_and_written_down(guarded: Hearth, issuer: Issuer, case: str) -> None:
    make, word = BAD[case]
    token = make(issuer)
    answer = guarded.http("profile", "/v1/customers/c-1", headers=bearer(token))
    assert (answer.status, answer.body["code"]) == (401, "unauthenticated")
    assert word in answer.body["detail"]
    entry = next(each for each in entries(guarded, issuer) if each["outcome"] == "denied")
    assert (entry["who"], entry["operation"], entry["why"]) == ("", "customer.read", answer.body["detail"])
    assert entry["address"] == "127.0.0.1"
    for text in (json.dumps(answer.body), json.dumps(entry)):
        assert token not in text
        assert "mallory" not in text


def test_a_token_in_the_url_is_refused_beside_a_good_one(guarded: Hearth, issuer: Issuer) -> None:
    token = issuer.token("officer", "privacy_officer")
    answer = guarded.http("profile", f"/v1/customers/c-1?access_token={token}", headers=bearer(token))
    assert (answer.status, "URL" in answer.body["detail"]) == (401, True)
    entry = next(each for each in entries(guarded, issuer) if each["outcome"] == "denied")
    assert "URL" in entry["why"]
    assert not [path for path in guarded.log_dir.glob("*.log") if token in path.read_text()]


def test_a_role_that_does_not_exist_is_refused_and_said(guarded: Hearth, issuer: Issuer) -> None:
    answer = ask(guarded, issuer, "emperor", "/v1/customers/c-1")
    assert (answer.status, answer.body["code"]) == (403, "forbidden")
    assert "does not know" in answer.body["detail"]
    entry = next(each for each in entries(guarded, issuer) if each["who"] == "emperor-1")
    assert (entry["roles"], entry["outcome"]) == (["emperor"], "denied")


def test_line_breaks_in_what_is_written_down_stay_in_their_line(guarded: Hearth, issuer: Issuer) -> None:
    forged = "c-1%0d%0a2026-03-02 allowed customer.reveal"
    assert ask(guarded, issuer, "ops", f"/v1/customers/{forged.replace(' ', '%20')}", sub="forger").status == 403
    reason = {"references": ["x"], "reason": "five\r\nsix: allowed"}
    assert ask(guarded, issuer, "ops", "/v1/customers/c-1/reveal", reason, sub="forger").status == 403
    second, first = [each for each in entries(guarded, issuer) if each["who"] == "forger"][:2]
    assert first["what"] == {"customer_id": "(hidden)"}, "it looks like no id"
    assert second["why"] == "five\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}six: allowed"
    logs = "".join(path.read_text() for path in guarded.log_dir.glob("*.log"))
    assert "\n2026-03-02 allowed" not in logs


def test_naming_something_of_ones_own_beside_a_question_opens_nothing(
    guarded: Hearth,
    issuer: Issuer,
    person: Person,
) -> None:
    """The gate looks at what the handler looks at, and at nothing else."""
    theirs = f"/v1/customers/{person.customer}"
    for service, path in (
        ("leads", f"{theirs}/leads?project_id=P2"),
        ("leads", f"/v1/leads/{person.lead}?project_id=P2"),
        ("service_tickets", f"{theirs}/tickets?project_id=P2"),
        ("profile", f"{theirs}?project_id=P2"),
    ):
        assert ask(guarded, issuer, "consultant", path, service=service, projects=["P2"]).status in (403, 404), path
    assert ask(guarded, issuer, "consultant", f"/v1/leads?lead_id={person.lead}", service="leads").status == 403
    twice = ask(guarded, issuer, "consultant", "/v1/leads?project_id=P2&project_id=P1", service="leads")
    assert {each["project_id"] for each in twice.body["items"]} <= {"P1"}


def test_an_idempotency_key_is_its_callers_own(guarded: Hearth, issuer: Issuer) -> None:
    body = {
        "contact": {"identifiers": [{"type": "phone", "value": "13800138000"}]},
        "project_id": "P1",
        "channel": "web",
    }

    def capture(who: str, key: str | None = "same") -> Any:
        headers = bearer(issuer.token(who, "integration")) | ({"idempotency-key": key} if key else {})
        return guarded.http("leads", "/v1/leads", body=body, headers=headers)

    mine, again, theirs = capture("site-1"), capture("site-1"), capture("site-2")
    assert [each.status for each in (mine, again, theirs)] == [202, 202, 202]
    assert mine.body == again.body
    assert mine.body["id"] != theirs.body["id"]
    assert (missing := capture("site-1", None)).status == 400, missing.body

    def merge(who: str, other: str) -> Any:
        headers = bearer(issuer.token(who, "privacy_officer")) | {"idempotency-key": "one"}
        return guarded.http("profile", "/v1/customers/c-1/merge", body={"with": other}, headers=headers)

    assert merge("officer-1", "c-2").status == 404
    assert (merge("officer-1", "c-3").status, merge("officer-2", "c-3").status) == (422, 404), "another's key is free"


def test_sizes_are_limited_for_everybody(guarded: Hearth, issuer: Issuer) -> None:
    large = guarded.http("profile", "/v1/events", body=b"x" * 70_000, headers=bearer(issuer.token("s", "integration")))
    assert (large.status, large.body["code"]) == (413, "body_too_large")
    assert ask(guarded, issuer, "marketing", "/v1/leads?limit=201", service="leads").status == 422
    with grpc.insecure_channel(guarded.service("leads").peer) as channel:
        metadata = list(bearer(issuer.token("m", "marketing")).items())
        with pytest.raises(grpc.RpcError) as refused:
            leads_pb2_grpc.LeadsServiceStub(channel).ListLeads(
                leads_pb2.ListLeadsRequest(page_size=-1), metadata=metadata, timeout=60
            )
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]


async def test_the_issuers_keys_are_found_by_discovery_and_followed_when_they_change() -> None:
    now = [0.0]
    with Issuer() as own:
        settings: Any = SimpleNamespace(oidc_issuer=own.url, oidc_audience="hearth", oidc_jwks_url="")
        verifier = verifier_of(settings)
        verifier.keys = Keys(verifier.keys._fetch, lambda: now[0])
        old = own.token("ann", "ops")
        assert (await verifier.verify(old)).name == "ann"
        own.rotate()
        now[0] += FETCH_AGAIN
        assert (await verifier.verify(own.token("bob", "ops"))).name == "bob"
        with pytest.raises(Exception, match="does not have"):
            await verifier.verify(old)
        now[0] += STALE
        assert (await verifier.verify(own.token("bob", "ops"))).name == "bob"


def test_the_admin_doors_refuse_and_write_down_too(guarded: Hearth, issuer: Issuer) -> None:
    url = f"http://127.0.0.1:{guarded.service('leads').admin}/v1/dead"
    assert request(url, None, bearer(issuer.token("nosy", "consultant")), "").status == 403
    entry = next(each for each in entries(guarded, issuer, "leads") if each["who"] == "nosy")
    assert (entry["operation"], entry["door"], entry["outcome"]) == ("dead.read", "admin GET /v1/dead", "denied")
