"""The part of `hearth.loyalty.v1.LoyaltyService` that is about households and their pools."""

from collections.abc import Mapping
from typing import Any

from chassis.gate.principal import asking
from chassis.rpc import metadata
from hearth.loyalty.v1 import loyalty_pb2 as pb
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.homes import Homes, Who
from services.loyalty.domain import household_commands as commands
from services.loyalty.domain.membership import Membership
from services.loyalty.rpc.messages import named, opaque, points_of, reason, timestamp


class HouseholdDoors:
    """Translates; everything is decided by others."""

    _accounts: Accounts
    _homes: Homes

    async def GetHousehold(self, request: Any, context: Any) -> Any:
        found, seq = await self._homes.household(named(request, "household_id"))
        return pb.GetHouseholdResponse(household=household(found), version=seq)

    async def ExplainPool(self, request: Any, context: Any) -> Any:
        reasons = await self._homes.explain(named(request, "household_id"))
        total = sum(each.points for each in reasons)
        return pb.ExplainPoolResponse(total=total, reasons=[reason(each) for each in reasons])

    async def ListMemberships(self, request: Any, context: Any) -> Any:
        account, found, seq = await self._homes.memberships(named(request, "customer_id"))
        memberships = [_membership(each) for each in found]
        return pb.ListMembershipsResponse(household_id=account.household, memberships=memberships, version=seq)

    async def FoundHousehold(self, request: Any, context: Any) -> Any:
        customer, key = named(request, "customer_id"), metadata(context, "idempotency-key")
        answer, done = await self._accounts.command(customer, commands.FoundHousehold(), asking().name, key)
        return pb.FoundHouseholdResponse(**answer, version=done.seq)

    async def AcceptHousehold(self, request: Any, context: Any) -> Any:
        answer, done = await self._homes.answer(_invited(request, context), commands.AcceptHousehold)
        return pb.AcceptHouseholdResponse(**answer, version=done.seq)

    async def DeclineHousehold(self, request: Any, context: Any) -> Any:
        answer, done = await self._homes.answer(_invited(request, context), commands.DeclineHousehold)
        return pb.DeclineHouseholdResponse(**answer, version=done.seq)

    async def InviteToHousehold(self, request: Any, context: Any) -> Any:
        answer, done = await self._homes.invite(_who(request, context), opaque(request, "member"))
        return pb.InviteToHouseholdResponse(household=household(answer), version=done.seq)

    async def RemoveFromHousehold(self, request: Any, context: Any) -> Any:
        answer, done = await self._homes.remove(_who(request, context), opaque(request, "member"))
        return pb.RemoveFromHouseholdResponse(household=household(answer), version=done.seq)

    async def LeaveHousehold(self, request: Any, context: Any) -> Any:
        answer, done = await self._homes.leave(_who(request, context))
        return pb.LeaveHouseholdResponse(household=household(answer), version=done.seq)

    async def ContributePoints(self, request: Any, context: Any) -> Any:
        answer, done = await self._homes.contribute(_who(request, context), points_of(request))
        return pb.ContributePointsResponse(**answer, version=done.seq)

    async def WithdrawPoints(self, request: Any, context: Any) -> Any:
        answer, done = await self._homes.withdraw(_who(request, context), points_of(request))
        return pb.WithdrawPointsResponse(**answer, version=done.seq)


def household(told: Mapping[str, Any]) -> Any:
    """A household."""
    lots = [{**each, "expires_at": each["expires_at"] and timestamp(each["expires_at"])} for each in told["lots"]]
    invited = [pb.Invited(member=each["member"], until=timestamp(each["until"])) for each in told["invited"]]
    return pb.Household(**{**told, "invited": invited, "lots": [pb.PoolLot(**each) for each in lots]})


def _membership(each: Membership) -> Any:
    return pb.Membership(
        household_id=each.household,
        state=each.state,
        member=each.member,
        head=each.head,
        until=timestamp(each.until) if each.until else None,
    )


def _who(request: Any, context: Any) -> Who:
    household_id = opaque(request, "household_id") if request.household_id else None
    return Who(named(request, "customer_id"), household_id, asking().name, metadata(context, "idempotency-key"))


def _invited(request: Any, context: Any) -> Who:
    """The same, where the household must be named."""
    return _who(request, context)._replace(household_id=opaque(request, "household_id"))
