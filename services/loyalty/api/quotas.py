"""The limits of the day around whatever sets points aside, as both doors ask for it. Nothing here knows HTTP or gRPC.

Points are counted first, then the account is asked. What it refuses is returned; what nobody knows the end of (a process that
died, a database that does not answer) stays counted until the day ends. So a limit is never exceeded.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from chassis.app import App
from chassis.errors import IdempotencyKeyReused, PreconditionFailed, Unavailable
from chassis.fold.doors import Command, Done
from chassis.fold.model import Key
from chassis.gate.principal import asking
from contracts.errors import Refused
from contracts.fact import Fact
from services.loyalty.domain.commands import HoldPoints, OfferTransfer, RedeemReward
from services.loyalty.domain.household_commands import ContributePoints
from services.loyalty.domain.model import Account
from services.loyalty.domain.quota import NO_QUOTA, SCOPES, ReturnQuota, Scope, TakeQuota
from services.loyalty.domain.quotas import day_of, limit_of, told
from services.loyalty.store.quota import key_of
from services.loyalty.timers.due import SOURCE

SPENDING = (HoldPoints, OfferTransfer, RedeemReward, ContributePoints)
"""The commands that set points aside; a test compares them with the rules that do."""

NOT_DONE = (Refused, IdempotencyKeyReused, PreconditionFailed)
"""Answers after which it is certain that this attempt has set nothing aside."""

Answer = tuple[dict[str, Any], Done]


class Taken(NamedTuple):
    """What an attempt has counted in a quota, and what returns it."""

    key: Key
    attempt: str
    back: ReturnQuota


class Quotas:
    """The quotas of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def quota(self, scope: Scope, quota_id: str) -> dict[str, Any]:
        """How much is used and left today. Of one that nobody has used, nothing is used."""
        now = self._app.clock.now()
        policy = self._app.policies.at(now)[1]
        key = key_of(scope, quota_id, day_of(now, policy))
        head = (await self._app.store.heads([key])).get(key)
        return told(head.state if head else NO_QUOTA, scope, quota_id, now, policy)

    def limited(self, account: Account, names: Collection[str], caller: str) -> Mapping[Scope, str]:
        """The quotas that points of this account are counted in if the caller asks for them, by scope: those whose limit is
        not 0. `names` are the member's.
        """
        policy = self._app.policies.at(self._app.clock.now())[1]
        agent = "" if caller in names else caller
        ids = dict(zip(SCOPES, (account.household, agent, asking().device), strict=True))
        return {scope: quota_id for scope, quota_id in ids.items() if quota_id and limit_of(policy, scope)}

    async def spend(
        self, limited: Mapping[Scope, str], command_id: str, points: int, carry_out: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Carry out a command within these quotas; raises `household_limit`, `agent_limit`, `device_limit` or what the account
        answers.
        """
        taken: list[Taken] = []
        try:
            for scope, quota_id in limited.items():
                taken.append(await self._take(quota_id, TakeQuota(command_id, points, scope)))
            return await carry_out()
        except NOT_DONE:
            with suppress(Unavailable):  # then it stays counted, and the answer is why nothing was set aside
                for each in taken:
                    await self._carry_out(each.key, f"{each.attempt}.returned", each.back, self._app.clock.now())
            raise

    async def _take(self, quota_id: str, asked: TakeQuota) -> Taken:
        now = self._app.clock.now()
        key = key_of(asked.scope, quota_id, day_of(now, self._app.policies.at(now)[1]))
        # An id of its own: two attempts at one command are both told of, and what one returns the other has still counted.
        attempt = str(uuid4())
        done = await self._carry_out(key, attempt, asked, now)
        day = msgspec.msgpack.decode(done.answer)["day"]
        return Taken(key, attempt, ReturnQuota(asked.command_id, asked.points, day))

    async def _carry_out(self, key: Key, name: str, data: Any, now: datetime) -> Done:
        return await self._app.commands.execute(key, Command(Fact(SOURCE, name, data.TYPE, key.id, now, now, data)))
