"""The books of all members, page by page, as both doors ask for them. Nothing here knows HTTP or gRPC."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from chassis.app import App
from chassis.errors import InvalidRequest
from chassis.fold.model import Key, Out
from chassis.store.seeing import again
from contracts.catalog import FACT_LOYALTY
from services.loyalty.domain.audit import Examined, Liability, examine, liability
from services.loyalty.domain.model import EMPTY, GOING_ON, Account
from services.loyalty.domain.reward import Reward

READINGS = 3
"""So often an account that seems wrong is read: it may have changed between its state and its ledger."""

LONGEST = 5.0
"""Seconds a request goes on looking at accounts: then it answers with those it has looked at, and says where to go on."""

T = TypeVar("T")


class Examination(NamedTuple):
    """A page of accounts examined: how many, entries, their sums, what is wrong by account, where to go on ("" = done); with the
    first page, what all campaigns have given by their budgets.
    """

    accounts: int
    entries: int
    sums: dict[str, int]
    wrong: dict[str, list[str]]
    following: str
    campaigns_used: int


class Books:
    """The ledgers of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def reconcile(self, after: str, limit: int) -> Examination:
        """Examine a page of accounts; nothing is changed."""
        keys, following = await self._page(after, limit)
        found = await self._each(keys, self._examined)
        keys, following = rest(keys, len(found), following)
        sums = Counter[str]()
        for one in found:
            sums.update(one.sums)
        wrong = {key.id: list(one.wrong) for key, one in zip(keys, found, strict=True) if one.wrong}
        used = 0 if after else await self._campaigns_used()
        return Examination(len(keys), sum(one.entries for one in found), sums, wrong, following, used)

    async def liability(self, after: str, limit: int) -> tuple[Liability, int, str]:
        """What the members of a page have, how many they are, and where to go on."""
        keys, following = await self._page(after, limit)
        heads = await self._app.store.heads(keys)
        return liability(head.state for head in heads.values()), len(keys), following

    async def re_emit(self, after: str, limit: int, dry_run: bool) -> tuple[int, int, str]:
        """Send everything again that a page of accounts has published, the same bytes under the same ids; returns how many
        accounts, how many facts, and where to go on. A dry run only counts.
        """
        keys, following = await self._page(after, limit)
        facts, found = 0, await self._each(keys, self._published)
        keys, following = rest(keys, len(found), following)
        for outs in found:
            facts += len(outs)
            if outs and not dry_run:
                await self._app.broker.publish(outs)
        return len(keys), facts, following

    async def _campaigns_used(self) -> int:
        used, after, store = 0, "", self._app.store
        while True:
            found = await again.entities(store, "campaign", after, 100)
            used += sum(head.state.used for head in (await again.newest(store, found.keys)).values())
            if not (after := found.after):
                return used

    async def _examined(self, key: Key) -> Examined:
        found = await self._read_once(key)
        for _ in range(READINGS - 1):
            if not found.wrong:
                break
            found = await self._read_once(key)
        return found

    async def _read_once(self, key: Key) -> Examined:
        state, ledger = await self._state(key), await self._ledger(key)
        return examine(state, ledger, await self._rewards(state))

    async def _rewards(self, account: Account) -> dict[str, Reward]:
        """The rewards of which pieces are on their way to a member; read after the account, for a piece is reserved before
        it is paid for.
        """
        keys = {Key("reward", each.reward) for each in account.redemptions.values() if each.state in GOING_ON}
        heads = await self._app.store.heads(sorted(keys, key=lambda key: key.id)) if keys else {}
        return {key.id: head.state for key, head in heads.items()}

    async def _state(self, key: Key) -> Account:
        heads = await self._app.store.heads([key])
        return heads[key].state if key in heads else EMPTY

    async def _ledger(self, key: Key) -> list[Any]:
        return [self._app.definition.language.heard(out) for out in await self._published(key)]

    async def _published(self, key: Key) -> list[Out]:
        topic = self._app.definition.language.topic(FACT_LOYALTY)
        return [out for out in await self._app.store.said(key) if out.topic == topic]

    async def _page(self, after: str, limit: int) -> tuple[list[Key], str]:
        try:
            bytes.fromhex(after)
        except ValueError:
            raise InvalidRequest("after is `next` of an earlier answer", "/after") from None
        found = await again.entities(self._app.store, "account", after, limit)
        return list(found.keys), found.after

    async def _each(self, keys: Sequence[Key], one: Callable[[Key], Awaitable[T]]) -> list[T]:
        """What was found of the first of these keys: all of them, or as many as a request has time for."""
        found: list[T] = []
        until = time.monotonic() + LONGEST
        async for _, some in again.together(keys, one):
            found += some
            if time.monotonic() > until:
                break
        return found


def rest(keys: Sequence[Key], done: int, following: str) -> tuple[Sequence[Key], str]:
    """The keys that were looked at, and where to go on: after them, if some are left."""
    return (keys, following) if done == len(keys) else (keys[:done], again.place_after(keys[done - 1]))
