"""The part of `hearth.loyalty.v1.LoyaltyService` that is about rewards and redemptions."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chassis.errors import InvalidRequest
from chassis.gate.principal import asking
from chassis.pages import page_size
from chassis.rpc import metadata
from hearth.loyalty.v1 import loyalty_pb2 as pb
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.catalogue import Catalogue
from services.loyalty.domain import commands
from services.loyalty.domain.redemptions import Step
from services.loyalty.rpc.messages import named, opaque, reason, timestamp


class Rewards:
    """Translates; everything is decided by others."""

    _accounts: Accounts
    _catalogue: Catalogue

    async def ListRewards(self, request: Any, context: Any) -> Any:
        offered = request.offered if request.HasField("offered") else None
        size = page_size(request.page_size)
        found, following = await self._catalogue.rewards(size, request.page_token or None, offered)
        return pb.ListRewardsResponse(rewards=[pb.Reward(**each) for each in found], next_page_token=following or "")

    async def GetReward(self, request: Any, context: Any) -> Any:
        found, seq = await self._catalogue.reward(named(request, "reward_id"))
        return pb.GetRewardResponse(reward=pb.Reward(**found), version=seq)

    async def DefineReward(self, request: Any, context: Any) -> Any:
        asked = {"name": request.name, "price": request.price, "tier": request.tier or "base"}
        data = checked(commands.DefineReward, {**asked, "offered": request.offered})
        found, seq = await self._on_reward(request, context, data, request.expected_version or None)
        return pb.DefineRewardResponse(reward=pb.Reward(**found), version=seq)

    async def ChangeStock(self, request: Any, context: Any) -> Any:
        data = checked(commands.ChangeStock, {"by": request.by})
        found, seq = await self._on_reward(request, context, data)
        return pb.ChangeStockResponse(reward=pb.Reward(**found), version=seq)

    async def ListRedemptions(self, request: Any, context: Any) -> Any:
        found, seq = await self._catalogue.redemptions(named(request, "customer_id"))
        return pb.ListRedemptionsResponse(redemptions=[redemption(each) for each in found], version=seq)

    async def GetRedemption(self, request: Any, context: Any) -> Any:
        customer, name = named(request, "customer_id"), named(request, "redemption_id")
        found, seq = await self._catalogue.redemption(customer, name)
        return pb.GetRedemptionResponse(redemption=redemption(found), version=seq)

    async def ExplainRedemption(self, request: Any, context: Any) -> Any:
        customer, name = named(request, "customer_id"), named(request, "redemption_id")
        steps, moved = await self._catalogue.explain(customer, name)
        return pb.ExplainRedemptionResponse(
            steps=[_step(each) for each in steps], movements=[reason(each) for each in moved]
        )

    async def RedeemReward(self, request: Any, context: Any) -> Any:
        customer = named(request, "customer_id")
        data = checked(commands.RedeemReward, {"reward_id": request.reward_id, "points": request.points})
        key, expected = metadata(context, "idempotency-key"), request.expected_version or None
        answer, done = await self._catalogue.redeem(customer, data, asking().name, key, expected)
        return pb.RedeemRewardResponse(redemption=redemption(answer), version=done.seq)

    async def FulfilRedemption(self, request: Any, context: Any) -> Any:
        found, seq = await self._step(request, context, commands.FulfilRedemption)
        return pb.FulfilRedemptionResponse(redemption=found, version=seq)

    async def DeliverRedemption(self, request: Any, context: Any) -> Any:
        found, seq = await self._step(request, context, commands.DeliverRedemption)
        return pb.DeliverRedemptionResponse(redemption=found, version=seq)

    async def CancelRedemption(self, request: Any, context: Any) -> Any:
        found, seq = await self._step(request, context, commands.CancelRedemption)
        return pb.CancelRedemptionResponse(redemption=found, version=seq)

    async def RefundRedemption(self, request: Any, context: Any) -> Any:
        found, seq = await self._step(request, context, commands.RefundRedemption)
        return pb.RefundRedemptionResponse(redemption=found, version=seq)

    async def _step(self, request: Any, context: Any, command: Any) -> tuple[Any, int]:
        customer, data = named(request, "customer_id"), command(named(request, "redemption_id"))
        key = metadata(context, "idempotency-key")
        answer, done = await self._accounts.command(customer, data, asking().name, key)
        return redemption(answer), done.seq

    async def _on_reward(
        self, request: Any, context: Any, data: Any, expected: int | None = None
    ) -> tuple[dict[str, Any], int]:
        name = opaque(request, "reward_id")
        key = metadata(context, "idempotency-key")
        answer, done = await self._catalogue.command(name, data, asking().name, key, expected)
        return answer, done.seq


def checked(command: type[Any], fields: Mapping[str, Any]) -> Any:
    """A command with these fields; raises `InvalidRequest` naming the one that is wrong, never its value."""
    try:
        return msgspec.convert(dict(fields), command)
    except msgspec.ValidationError as error:
        _, _, field = str(error).partition("$.")
        raise InvalidRequest("a field is out of its limits", f"/{field.rstrip('`')}") from None


def redemption(told: Mapping[str, Any]) -> Any:
    """A redemption."""
    times = {name: timestamp(told[name]) for name in ("at", "until") if told[name]}
    return pb.Redemption(**{**told, "until": None, **times})


def _step(step: Step) -> Any:
    return pb.RedemptionStep(
        state=step.state,
        at=timestamp(step.at),
        why=step.why,
        sentence=step.sentence,
        policy_version=step.policy_version,
        cause_source=step.cause.source,
        cause_id=step.cause.id,
    )
