"""The part of `hearth.loyalty.v1.LoyaltyService` that is about referrals."""

from collections.abc import Mapping
from typing import Any

from chassis.gate.principal import asking
from chassis.rpc import metadata
from hearth.loyalty.v1 import loyalty_pb2 as pb
from services.loyalty.api.accounts import Accounts
from services.loyalty.domain.commands import SubmitReferral
from services.loyalty.rpc.messages import named, timestamp
from services.loyalty.rpc.rewards import checked


class Referrals:
    """Translates; everything is decided by others."""

    _accounts: Accounts

    async def ListReferrals(self, request: Any, context: Any) -> Any:
        found, seq = await self._accounts.referrals(named(request, "customer_id"))
        return pb.ListReferralsResponse(referrals=[_referral(each) for each in found], version=seq)

    async def GetReferral(self, request: Any, context: Any) -> Any:
        found, seq = await self._accounts.referral(named(request, "customer_id"), named(request, "referee"))
        return pb.GetReferralResponse(referral=_referral(found), version=seq)

    async def SubmitReferral(self, request: Any, context: Any) -> Any:
        customer = named(request, "customer_id")
        data = checked(SubmitReferral, {"referee": request.referee, "project_id": request.project_id or None})
        key, expected = metadata(context, "idempotency-key"), request.expected_version or None
        answer, done = await self._accounts.refer(customer, data, asking().name, key, expected)
        return pb.SubmitReferralResponse(referral=_referral(answer), version=done.seq)


def _referral(told: Mapping[str, Any]) -> Any:
    return pb.Referral(**{**told, "at": timestamp(told["at"]) if told["at"] else None})
