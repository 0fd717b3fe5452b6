"""The books of all members and households, page by page, as both doors ask for them. Nothing here knows HTTP or gRPC."""

from collections import Counter
from typing import Any, NamedTuple

from chassis.app import App
from chassis.errors import InvalidRequest
from chassis.fold.model import Key, Out
from chassis.store.seeing import again
from contracts.catalog import FACT_LOYALTY
from services.loyalty.domain.audit import Examined, Liability, examine, examine_pool, liability, pool_liability
from services.loyalty.domain.household import NO_HOUSEHOLD
from services.loyalty.domain.model import EMPTY, GOING_ON, Account
from services.loyalty.domain.reward import Reward

READINGS = 3
"""So often an account that seems wrong is read: it may have changed between its state and its ledger."""


POOLS = "0"
"""Pages of households come after those of accounts: their places begin with this, and have an odd number of digits."""


class Examination(NamedTuple):
    """A page of accounts, or of households, examined: how many, entries, their sums, what is wrong by account or household,
    where to go on ("" = done); with the first page, what all campaigns have given by their budgets.
    """

    accounts: int
    households: int
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
        """Examine a page of accounts, or of households; nothing is changed."""
        kind, begin = part(after)
        found, following = await again.look(self._app.store, kind, begin, limit, self._examined)
        sums = Counter[str]()
        for one in found.values():
            sums.update(one.sums)
        wrong = {key.id: list(one.wrong) for key, one in found.items() if one.wrong}
        used = 0 if after else await self._campaigns_used()
        entries, counted = sum(one.entries for one in found.values()), (len(found), 0)
        accounts, households = counted if kind == "account" else counted[::-1]
        return Examination(accounts, households, entries, sums, wrong, next_part(kind, following), used)

    async def liability(self, after: str, limit: int) -> tuple[Liability, int, str]:
        """What the members of a page have, or pools, how many members they are, and where to go on."""
        kind, begin = part(after)
        keys, following = await again.entities(self._app.store, kind, begin, limit)
        states = [head.state for head in (await self._app.store.heads(keys)).values()]
        if kind == "household":
            return pool_liability(states), 0, next_part(kind, following)
        return liability(states), len(keys), next_part(kind, following)

    async def re_emit(self, after: str, limit: int, dry_run: bool) -> tuple[int, int, str]:
        """Send everything again that a page of accounts, or of households, has published, the same bytes under the same ids;
        returns how many accounts, how many facts, and where to go on. A dry run only counts.
        """
        kind, begin = part(after)
        found, following = await again.look(self._app.store, kind, begin, limit, self._published)
        for outs in found.values():
            if outs and not dry_run:
                await self._app.broker.publish(outs)
        accounts = len(found) if kind == "account" else 0
        return accounts, sum(map(len, found.values())), next_part(kind, following)

    async def _campaigns_used(self) -> int:
        used, store = 0, self._app.store
        async for keys in store.entities("campaign", 100):
            used += sum(head.state.used for head in (await again.newest(store, keys)).values())
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
        if key.kind == "household":
            return examine_pool(state, ledger)
        return examine(state, ledger, await self._rewards(state))

    async def _rewards(self, account: Account) -> dict[str, Reward]:
        """The rewards of which pieces are on their way to a member; read after the account, for a piece is reserved before
        it is paid for.
        """
        keys = {Key("reward", each.reward) for each in account.redemptions.values() if each.state in GOING_ON}
        heads = await self._app.store.heads(sorted(keys, key=lambda key: key.id)) if keys else {}
        return {key.id: head.state for key, head in heads.items()}

    async def _state(self, key: Key) -> Any:
        heads, empty = await self._app.store.heads([key]), NO_HOUSEHOLD if key.kind == "household" else EMPTY
        return heads[key].state if key in heads else empty

    async def _ledger(self, key: Key) -> list[Any]:
        return [self._app.definition.language.heard(out) for out in await self._published(key)]

    async def _published(self, key: Key) -> list[Out]:
        topic = self._app.definition.language.topic(FACT_LOYALTY)
        return [out for out in await self._app.store.said(key) if out.topic == topic]


def part(after: str) -> tuple[str, str]:
    """Which kind of entity the page after an earlier answer is of, and its place there; raises `InvalidRequest`."""
    if len(after) % 2 and after.startswith(POOLS):
        return "household", place(after[len(POOLS) :])
    return "account", place(after)


def next_part(kind: str, following: str) -> str:
    """What an answer says of where to go on."""
    if kind == "account":
        return following or POOLS
    return POOLS + following if following else ""


def place(after: str) -> str:
    """The place that an earlier answer named; raises `InvalidRequest` for anything else."""
    try:
        bytes.fromhex(after)
    except ValueError:
        raise InvalidRequest("after is `next` of an earlier answer", "/after") from None
    return after
