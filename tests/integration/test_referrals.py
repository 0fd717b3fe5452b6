"""A referral on running services, by both doors: submitted, judged, rewarded, taken back."""

import uuid
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from hearth.loyalty.v1 import loyalty_pb2 as pb
from tests.foreign import events
from tests.integration.members import STRUCTURED, member
from tests.integration.test_loyalty import metadata, tell, told
from tests.running import Hearth, until

pytestmark = pytest.mark.integration


def publish(hearth: Hearth, who: str, *made: Any) -> None:
    hearth.publish([(who, events.line(each).encode(), STRUCTURED) for each in made])


def becomes(hearth: Hearth, customer: str, referee: str, state: str) -> Any:
    return until(
        lambda: told(hearth, customer, f"referrals/{referee}"), lambda found: found["state"] == state, f"is {state}"
    )


def about(name: str, who: str, **data: Any) -> Any:
    """A fact about a deal of this customer, of now: claims made by a command are of now, and what was before is before."""
    return happened(who, f"crm.deal.{name}.v1", {"deal_id": who, **data})


def happened(who: str, type_: str, data: Any) -> Any:
    time = datetime.now(UTC).isoformat()
    return {**events.visit(who), "id": str(uuid.uuid4()), "type": type_, "time": time, "data": data}


PRICE = {"amount": "1500000.00", "currency": "CNY"}


def test_a_referral_is_rewarded_and_clawed_back(hearth: Hearth, loyalty: Any) -> None:
    she, friend = member(hearth), events.someone()
    once = {"idempotency-key": str(uuid.uuid4())}
    body = {"referee": friend, "project_id": "P1"}
    first = tell(hearth, she, "referrals", body, **once)
    assert (first.status, first.body["state"]) == (201, "SUBMITTED")
    becomes(hearth, she, friend, "ACCEPTED")
    again = tell(hearth, she, "referrals", body, **once)
    assert (again.status, again.body) == (201, first.body)
    assert tell(hearth, she, "referrals", body).body["code"] == "already_referred"
    other = member(hearth)
    request = pb.SubmitReferralRequest(customer_id=other, referee=friend)
    with pytest.raises(grpc.RpcError) as refused:
        loyalty.SubmitReferral(request, metadata=metadata())
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION, refused.value
    publish(hearth, friend, about("signed", friend, project_id="P1", price=PRICE))
    becomes(hearth, she, friend, "CONTRACTED")
    publish(hearth, friend, about("payment_received", friend, payment_id=f"{friend}-1", amount=PRICE))
    assert becomes(hearth, she, friend, "REWARDED")["points"] == 20_000
    hearth.eventually(she, active=20_070)
    found = loyalty.GetReferral(pb.GetReferralRequest(customer_id=she, referee=friend)).referral
    assert (found.state, found.points, found.project_id) == ("REWARDED", 20_000, "P1")
    publish(hearth, friend, about("cancelled", friend, stage="signed", cancelled_amount=PRICE))
    becomes(hearth, she, friend, "CLAWED_BACK")
    hearth.eventually(she, active=70)
    listed = loyalty.ListReferrals(pb.ListReferralsRequest(customer_id=she)).referrals
    assert [(each.referee, each.state, each.points) for each in listed] == [(friend, "CLAWED_BACK", 0)]
    assert [each["state"] for each in told(hearth, she, "referrals")["items"]] == ["CLAWED_BACK"]


def test_who_is_refused_hears_why(hearth: Hearth) -> None:
    she, known = member(hearth), member(hearth)
    assert tell(hearth, she, "referrals", {"referee": she}).body["code"] == "referral_of_oneself"
    assert tell(hearth, she, "referrals", {"referee": known}).body["code"] == "referral_of_existing_customer"
    assert tell(hearth, events.someone(), "referrals", {"referee": known}).status == 404
    for wrong in ({}, {"referee": ""}, {"referee": "a b"}, {"referee": 7}, {"referee": "x", "phone": "1"}):
        assert tell(hearth, she, "referrals", wrong).status == 422, wrong
    assert hearth.http("loyalty", f"/v1/accounts/{she}/referrals/{known}").body["code"] == "unknown_referral"


def test_a_lead_that_names_a_referrer_is_a_claim_too(hearth: Hearth) -> None:
    she, known = member(hearth), member(hearth)
    lead = {"project_id": "P1", "channel": "referral", "referrer": she}
    publish(hearth, known, happened(known, "crm.lead.captured.v1", lead))
    assert becomes(hearth, she, known, "REJECTED")["reason"] == "existing_customer"
