"""Services with certificates and keys of their own: who shows none is not heard, and narrow limits hold at real doors."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from contracts.access import ACCESS
from deploy.local import identity, stack
from deploy.local.issuer import Issuer
from deploy.local.paths import ROOT
from deploy.local.services import SERVICES
from hearth.leads.v1 import leads_pb2, leads_pb2_grpc
from hearth.loyalty.v1 import loyalty_pb2, loyalty_pb2_grpc
from tests.integration.access import Person, bearer
from tests.running import Answer, Hearth, running, until

NARROW = {"reveals_per_hour": 60, "exports_per_day": 3}


@pytest.fixture(scope="module")
def sealed(engines: stack.Engines, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Four services with certificates, keys, and limits of their operator's."""
    folder = tmp_path_factory.mktemp("sealed")
    policies = folder / "policy"
    policies.mkdir()
    for file in ROOT.glob("services/*/policy/*.yaml"):
        shutil.copy(file, policies)
    table = yaml.safe_load(ACCESS.read_text()) | {"limits": NARROW}
    (policies / ACCESS.name).write_text(yaml.safe_dump(table))
    settings = {
        "HEARTH_AUTH": "oidc",
        "HEARTH_OIDC_ISSUER": issuer.url,
        "HEARTH_REQUESTS_PER_SECOND": "0.001",
        "HEARTH_POLICY_DIR": str(policies),
        "HEARTH_IDENTITY_DIR": str(identity.signing_keys(folder / "identity", [each.name for each in SERVICES])),
        "HEARTH_TLS_DIR": str(identity.certificates(folder / "tls")),
    }
    with running(engines, folder, **settings) as hearth:
        yield hearth


class Asking:
    """Questions of people who each ask once: nobody may ask twice here."""

    def __init__(self, hearth: Hearth, issuer: Issuer) -> None:
        self.hearth, self.issuer, self._asked = hearth, issuer, 0

    def shown(self, role: str, **claims: Any) -> dict[str, str]:
        """The header of somebody new in a role."""
        self._asked += 1
        return bearer(self.issuer.token(claims.pop("sub", f"{role}-{self._asked}"), role, **claims))

    def __call__(self, service: str, path: str, role: str, **claims: Any) -> Answer:
        return self.hearth.http(service, path, headers=self.shown(role, **claims))


@pytest.fixture(scope="module")
def asking(sealed: Hearth, issuer: Issuer) -> Asking:
    return Asking(sealed, issuer)


def secure(hearth: Hearth, service: str, folder: Path, *, client: bool = True) -> grpc.Channel:
    """A connection that trusts the authority in `folder` and shows its certificate, or none."""
    authority, key, chain = ((folder / name).read_bytes() for name in ("ca.crt", "tls.key", "tls.crt"))
    shown = grpc.ssl_channel_credentials(authority, key, chain) if client else grpc.ssl_channel_credentials(authority)
    return grpc.secure_channel(hearth.service(service).peer, shown)


def refusal(channel: grpc.Channel, header: dict[str, str]) -> Any:
    """The error of a question about leads, or None."""
    metadata = list(header.items())
    try:
        leads_pb2_grpc.LeadsServiceStub(channel).ListLeads(
            leads_pb2.ListLeadsRequest(project_id="nowhere"), metadata=metadata, timeout=60
        )
    except grpc.RpcError as error:
        return error
    return None


def test_who_shows_no_certificate_of_the_authority_is_not_heard(sealed: Hearth, asking: Asking, tmp_path: Path) -> None:
    good, strange = Path(sealed.settings["HEARTH_TLS_DIR"]), identity.certificates(tmp_path)
    (tmp_path / "ca.crt").write_bytes((good / "ca.crt").read_bytes())  # trusts ours, shows a stranger's
    with secure(sealed, "leads", good) as channel:
        assert refusal(channel, asking.shown("marketing")) is None
        assert refusal(channel, {}).code() is grpc.StatusCode.UNAUTHENTICATED, "a certificate is no token"
    for channel in (
        secure(sealed, "leads", good, client=False),
        secure(sealed, "leads", strange),
        grpc.insecure_channel(sealed.service("leads").peer),
    ):
        with channel:
            assert refusal(channel, asking.shown("marketing")).code() is grpc.StatusCode.UNAVAILABLE


def test_services_ask_each_other_with_theirs_and_the_users_token_goes_along(
    sealed: Hearth, issuer: Issuer, asking: Asking, person: Person
) -> None:
    path = f"/v1/customers/{person.customer}/360"
    seen = until(  # each service has one second to answer
        lambda: asking("profile", path, "service_manager", roles=["service_manager", "marketing"]),
        lambda answer: answer.status == 200 and answer.body["leads"],
        "the leads",
    )
    assert seen.body["leads"][0]["lead_id"] == person.lead
    until(
        lambda: asking("profile", path, "consultant", projects=["P1"]),
        lambda answer: {"service": "loyalty", "reason": "permission_denied"} in answer.body["notes"],
        "a consultant does not see points, whoever asks for them",
    )
    denied = [each for each in _audit(sealed, issuer, "loyalty") if each["outcome"] == "denied"]
    assert denied[0]["via"] == "/hearth/profile"
    assert denied[0]["who"].startswith("consultant-")


@pytest.fixture(scope="module")
def person(sealed: Hearth, asking: Asking) -> Person:
    return Person(sealed, asking.issuer, each=True)


def _audit(hearth: Hearth, issuer: Issuer, service: str) -> list[dict[str, Any]]:
    with hearth.database(service) as database:
        return list(database["audit"].find().sort("_id", -1))


def test_who_asks_too_often_is_told_when_to_go_on(sealed: Hearth, issuer: Issuer) -> None:
    header = bearer(issuer.token("hasty", "marketing"))
    answers = [sealed.http("leads", "/v1/leads?project_id=nowhere", headers=header) for _ in range(2)]
    assert [each.status for each in answers] == [200, 429]
    assert answers[1].body["code"] == "too_many_requests"
    assert int(answers[1].headers["retry-after"]) > 100
    with secure(sealed, "leads", Path(sealed.settings["HEARTH_TLS_DIR"])) as channel:
        error = refusal(channel, header)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    delay = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(delay) for detail in rpc_status.from_call(error).details)
    assert delay.retry_delay.seconds > 100


def test_an_export_quota_is_kept_by_both_doors(sealed: Hearth, issuer: Issuer, person: Person) -> None:
    """Counted in the database: what processes are asked by is not limited here, but what they hand out."""
    path = f"/v1/customers/{person.customer}/leads"
    with sealed.database("leads") as database:
        day = database["quotas"].find_one({"_id": {"$regex": "^exports_per_day "}})
        assert day is not None
        # that day and the next: who asked last in a window counts in it, also when midnight comes before the question
        after = (datetime.fromisoformat(day["window"]) + timedelta(days=1)).isoformat()
        for name in ("greedy", "greedy-2"):
            spent = {"_id": f"exports_per_day {name}", "window": after, "count": NARROW["exports_per_day"]}
            database["quotas"].insert_one(day | spent)
    header = bearer(issuer.token("greedy", "marketing"))
    refused = sealed.http("leads", path, headers=header)
    assert (refused.status, refused.body["code"]) == (429, "too_many_requests")
    assert "exports_per_day" in refused.body["detail"]
    assert person.lead not in str(refused.body)
    with secure(sealed, "leads", Path(sealed.settings["HEARTH_TLS_DIR"])) as channel:
        get = leads_pb2_grpc.LeadsServiceStub(channel).GetLead
        metadata = list(bearer(issuer.token("greedy-2", "marketing")).items())
        with pytest.raises(grpc.RpcError) as error:
            get(leads_pb2.GetLeadRequest(lead_id=person.lead), metadata=metadata, timeout=60)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # type: ignore[attr-defined]


def test_a_service_asks_for_itself_within_its_role(sealed: Hearth, person: Person) -> None:
    from chassis.gate.services import identity_of

    signer, _ = identity_of("leads", Path(sealed.settings["HEARTH_IDENTITY_DIR"]))
    metadata = [("authorization", f"Bearer {signer.token('loyalty')}")]
    with secure(sealed, "loyalty", Path(sealed.settings["HEARTH_TLS_DIR"])) as channel:
        stub = loyalty_pb2_grpc.LoyaltyServiceStub(channel)
        with pytest.raises(grpc.RpcError) as error:
            stub.HoldPoints(
                loyalty_pb2.HoldPointsRequest(customer_id=person.customer, points=1), metadata=metadata, timeout=60
            )
    assert error.value.code() is grpc.StatusCode.PERMISSION_DENIED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("setting", "words"),
    [("HEARTH_TLS_DIR", "HEARTH_TLS_DIR"), ("HEARTH_IDENTITY_DIR", "profile.jwk does not exist")],
)
def test_files_that_are_not_there_are_named_at_start(
    engines: stack.Engines, tmp_path: Path, setting: str, words: str
) -> None:
    hearth = Hearth(engines, tmp_path, "all", {setting: str(tmp_path)})
    with pytest.raises(Exception, match=words):
        hearth.start()
    hearth.stop()
