"""The part of `hearth.loyalty.v1.LoyaltyService` that is about the limits of a day."""

from typing import Any

from chassis.errors import InvalidRequest
from hearth.loyalty.v1 import loyalty_pb2 as pb
from services.loyalty.api.accounts import Accounts
from services.loyalty.domain.quota import SCOPES
from services.loyalty.rpc.messages import named, timestamp


class QuotaDoors:
    """Translates; everything is decided elsewhere."""

    _accounts: Accounts

    async def GetQuota(self, request: Any, context: Any) -> Any:
        if request.scope not in SCOPES:
            raise InvalidRequest(f"scope is one of {', '.join(SCOPES)}", "/scope")
        found = await self._accounts.quotas.quota(request.scope, named(request, "quota_id", 200))
        return pb.GetQuotaResponse(**{**found, "until": timestamp(found["until"])})
