"""Questions about rewards and redemptions and commands on them, as both doors ask them. Nothing here knows HTTP or gRPC."""

from collections.abc import Sequence
from typing import Any

from chassis.app import App
from chassis.fold.doors import Done
from chassis.fold.model import Head, Key
from chassis.store.lists import Listing, Wanted
from services.loyalty.api.accounts import Accounts, execute
from services.loyalty.domain import redemptions as read_back
from services.loyalty.domain.commands import DefineReward, RedeemReward
from services.loyalty.domain.errors import (
    RewardChanged,
    RewardOverrun,
    RewardSoldOut,
    RewardWithdrawn,
    TierTooLow,
    UnknownRedemption,
    UnknownReward,
)
from services.loyalty.domain.rewards import against, told
from services.loyalty.domain.statement import Reason

AGAINST = {each.code: each for each in (RewardChanged, RewardOverrun, RewardSoldOut, RewardWithdrawn, TierTooLow)}


class Catalogue:
    """The rewards of a running service, and what members have of them."""

    def __init__(self, app: App, accounts: Accounts) -> None:
        self._app, self._accounts = app, accounts

    async def reward(self, reward_id: str) -> tuple[dict[str, Any], int]:
        """A reward and its version; raises `UnknownReward`."""
        found, seq = await self._reward(reward_id)
        return told(found, reward_id), seq

    async def rewards(
        self, limit: int, cursor: str | None, offered: bool | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page of the catalogue by id, and the cursor of the next. Lists are read from views, which follow in a moment."""
        listing = Listing(self._app.store, "reward", _told, lambda each: (each["reward_id"], ""))
        wanted = {"price": {"$gt": 0}} | ({} if offered is None else {"offered": offered})
        return await listing.page(Wanted(wanted, lambda _each: True), limit, cursor)

    async def command(
        self, reward_id: str, data: Any, caller: str, key: str | None, expected: int | None = None
    ) -> tuple[dict[str, Any], Done]:
        """Define a reward, or change its stock; raises `UnknownReward` for the stock of what was never defined."""
        if not isinstance(data, DefineReward):
            await self._reward(reward_id)
        entity = Key("reward", reward_id)
        return await execute(self._app, entity, reward_id, data, caller, key, expected)

    async def redeem(
        self, customer_id: str, data: RedeemReward, caller: str, key: str | None, expected: int | None = None
    ) -> tuple[dict[str, Any], Done]:
        """Redeem a reward. What is against it is said at once, unless this very command was carried out before; whether a
        piece is left in the end, the reward decides a moment later.
        """
        account, _ = await self._accounts.account(customer_id)
        reward, _ = await self._reward(data.reward_id)
        why = against(reward, data.points, account.tier)
        if why and not await self._accounts.knows(customer_id, data, caller, key):
            raise AGAINST[why]
        return await self._accounts.command(customer_id, data, caller, key, expected)

    async def redemption(self, customer_id: str, redemption_id: str) -> tuple[dict[str, Any], int]:
        """A redemption as it is now and the account's version; raises `UnknownAccount`, `UnknownRedemption`."""
        account, seq = await self._accounts.account(customer_id)
        if redemption_id not in account.redemptions:
            raise UnknownRedemption("it was never made, or ended long ago", "/redemption_id")
        return read_back.told(account, redemption_id), seq

    async def redemptions(self, customer_id: str) -> tuple[list[dict[str, Any]], int]:
        """A member's redemptions, the newest first, and the account's version."""
        account, seq = await self._accounts.account(customer_id)
        found = [read_back.told(account, name) for name in account.redemptions]
        return sorted(found, key=lambda each: (each["at"], each["redemption_id"]), reverse=True), seq

    async def explain(self, customer_id: str, redemption_id: str) -> tuple[Sequence[read_back.Step], Sequence[Reason]]:
        """How a redemption came to what it is, and the movements of points for it; raises `UnknownRedemption`."""
        account, _ = await self._accounts.account(customer_id)
        known = account.redemptions.get(redemption_id)
        facts = await self._accounts.ledger(customer_id, known.asker if known else "")
        steps = read_back.steps_of(facts, redemption_id)
        if not steps:
            raise UnknownRedemption("it was never made", "/redemption_id")
        return steps, read_back.points_of(facts, redemption_id)

    async def _reward(self, reward_id: str) -> tuple[Any, int]:
        key = Key("reward", reward_id)
        head = (await self._app.store.heads([key])).get(key)
        if head is None or not head.state.price:
            raise UnknownReward("define it first", "/reward_id")
        return head.state, head.seq


def _told(head: Head) -> list[dict[str, Any]]:
    return [told(head.state, head.key.id)]
