"""A door within the limits of the day: over several accounts and processes at once, whatever the account answers, and when
nobody knows what it answered.
"""

import asyncio
import random
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from chassis.commands import Commands
from chassis.errors import IdempotencyKeyReused, PreconditionFailed, Unavailable
from chassis.fold.doors import Door
from chassis.fold.model import Head, Key, Version
from chassis.fold.ports import Transient
from chassis.fold.rules import Folder
from chassis.gate.principal import Principal, set_asking
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from contracts.errors import Refused
from contracts.language import Language
from services.loyalty.api.accounts import Accounts
from services.loyalty.domain.commands import COMMANDS, HoldPoints, VoidHold
from services.loyalty.domain.policy import policy_from
from services.loyalty.domain.quota import Scope
from services.loyalty.store.account import account_kind
from services.loyalty.store.quota import QUOTA, key_of
from services.loyalty.worker.table import RULES
from tests.behaviours.test_store import Patient
from tests.unit.facts import day, visit
from tests.unit.loyalty.test_policy import DOCUMENT
from tests.unit.merging import World
from tests.unit.test_merging import with_subject

PEOPLE = ("ann", "bea", "cai", "dan")
TILL = "0f1e2d"


class Slow:
    """The store, as far away as a database: others get in between."""

    def __init__(self, store: Patient, dice: random.Random) -> None:
        self.store, self.dice, self.fails = store, dice, set[str]()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.store, name)

        async def slow(*args: Any, **named: Any) -> Any:
            for _ in range(self.dice.randrange(3)):
                await asyncio.sleep(0)
            if name in self.fails:
                raise Transient(name)
            return await call(*args, **named)

        return slow


class Silent:
    """A broker that nobody listens to."""

    async def publish(self, outs: Any) -> None:
        await asyncio.sleep(0)


class Tills:
    """Two processes with one database: four members with 100 points each, and what the doors ask of them."""

    def __init__(self, seed: int = 0, **limits: int) -> None:
        numbers = {f"most_spent_a_day_by_{scope}": limit for scope, limit in limits.items()}
        self.book = PolicyBook([PolicyVersion(1, BEGINNING, policy_from({**DOCUMENT, "visit_points": 100, **numbers}))])
        self.language, self.kinds = (
            Language("/hearth/loyalty", COMMANDS),
            {"account": account_kind(self.book), "quota": QUOTA},
        )
        self.now, self.calls = day(1), 0
        self.store = Slow(Patient(), random.Random(seed))
        self.doors = [self._process() for _ in range(2)]

    def _process(self) -> Accounts:
        door = Door(self.store, Silent(), Folder(RULES, self.language, self.book, kinds=self.kinds), self.kinds)  # type: ignore[arg-type]
        clock = SimpleNamespace(now=lambda: self.now)
        app: Any = SimpleNamespace(store=self.store, commands=Commands(door), clock=clock, policies=self.book)
        return Accounts(app)

    async def open(self, household: str = "") -> "Tills":
        """Give everybody their points."""
        for who in PEOPLE:
            world = World(RULES, self.kinds["account"], self.language, self.book)
            world.fold(with_subject(visit(day(0)), who))
            await self.store.store.insert([in_household(world.heads[who], household)])
        return self

    async def hold(self, who: str = "ann", points: int = 10, key: str = "", device: str = TILL, **more: Any) -> str:
        """Set points aside at one of the doors in turn; the hold's id, or the code of the refusal."""
        self.calls += 1
        set_asking(Principal(more.get("agent", "seller"), device=device))
        data, name = HoldPoints(points), key or f"key{self.calls}"
        try:
            door = self.doors[self.calls % 2]
            answer, _ = await door.command(who, data, more.get("agent", "seller"), name, more.get("expected"))
        except (Refused, IdempotencyKeyReused, PreconditionFailed, Unavailable) as error:
            return error.code
        return answer["hold_id"]

    async def used(self, scope: Scope = "device", quota_id: str = TILL) -> int:
        """Points counted today."""
        return (await self.doors[0].quotas.quota(scope, quota_id))["used"]

    async def held(self) -> int:
        """Points set aside in all accounts."""
        heads = await self.store.heads([Key("account", who) for who in PEOPLE])
        return sum(head.state.balances.held for head in heads.values())


def in_household(head: Head, household: str) -> Version:
    """A version of an account that belongs to a household."""
    return Version(head._replace(state=replace(head.state, household=household)), (), (), "", -1, day(0))


async def test_without_a_limit_nothing_is_asked_and_nothing_counted() -> None:
    tills = await Tills().open()
    await tills.hold(points=100)
    assert (await tills.used(), await tills.store.heads([key_of("device", TILL, "2026-03-03")])) == (0, {})


@pytest.mark.parametrize(("scope", "quota_id"), [("household", "smiths"), ("agent", "seller"), ("device", TILL)])
async def test_a_limit_holds_over_all_accounts(scope: Scope, quota_id: str) -> None:
    tills = await Tills(**{scope: 250}).open("smiths")
    assert [len(await tills.hold(who, 100)) for who in PEOPLE[:2]] == [36, 36]
    assert await tills.hold("cai", 51) == f"{scope}_limit"
    assert len(await tills.hold("cai", 50)) == 36
    assert await tills.hold("dan", 1) == f"{scope}_limit"
    assert (await tills.used(scope, quota_id), await tills.held()) == (250, 250)
    tills.now = day(2)
    assert len(await tills.hold("dan", 100)) == 36, "a new day"


async def test_a_new_month_has_an_entity_of_its_own_at_midnight_in_shanghai() -> None:
    tills = await Tills(device=100).open()
    tills.now = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    assert len(await tills.hold("ann", 100)) == 36
    assert await tills.hold("bea", 1) == "device_limit"
    tills.now = datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert await tills.used() == 0
    assert len(await tills.hold("bea", 100)) == 36
    keys = [key_of("device", TILL, day) for day in ("2026-03-31", "2026-04-01")]
    assert [head.state.used for head in (await tills.store.heads(keys)).values()] == [100, 100]


async def test_who_asks_without_a_device_for_themselves_and_alone_is_in_no_quota() -> None:
    tills = await Tills(household=1, agent=1, device=1).open()
    assert len(await tills.hold("ann", 50, device="", agent="ann")) == 36
    assert await tills.hold("ann", 50, device="") == "agent_limit"


async def test_the_limit_that_refuses_last_gives_back_what_the_others_counted() -> None:
    tills = await Tills(household=250, agent=250, device=50).open("smiths")
    assert await tills.hold("ann", 60) == "device_limit"
    found = [await tills.used(*each) for each in (("household", "smiths"), ("agent", "seller"), ("device", TILL))]
    assert found == [0, 0, 0]


async def test_what_the_account_refuses_is_free_again() -> None:
    tills = await Tills(device=250).open()
    assert await tills.hold("ann", 101) == "insufficient_points"
    assert await tills.hold("ann", 10, expected=77) == "precondition_failed"
    assert await tills.used() == 0
    await tills.hold("ann", 10, "once")
    assert await tills.hold("ann", 20, "once") == "idempotency_key_reused"
    assert await tills.used() == 10


async def test_a_refused_command_that_is_tried_again_counts_when_it_succeeds() -> None:
    tills = await Tills(device=250).open()
    first = await tills.hold("ann", 60)
    assert await tills.hold("ann", 60, "again") == "insufficient_points"
    await tills.doors[0].command("ann", VoidHold(first), "seller", "void")
    assert len(await tills.hold("ann", 60, "again")) == 36
    assert await tills.used() == 120, "the first hold was voided, and stays counted today"


async def test_a_repetition_is_answered_whatever_is_left_and_counts_once() -> None:
    tills = await Tills(device=100).open()
    first = await tills.hold("ann", 100, "once")
    assert await tills.hold("ann", 100, "once") == first
    tills.now = day(2)
    assert await tills.hold("ann", 100, "once") == first
    assert await tills.used() == 0, "nor the next day"


@pytest.mark.parametrize("seed", range(20))
async def test_at_once_a_limit_is_spent_to_its_end_and_no_further(seed: int) -> None:
    """Thirty-two clients at two processes, four accounts, one device; each says it twice."""
    tills = await Tills(seed, device=160).open()
    asked = [(PEOPLE[n % 4], 10, f"key{n}") for n in range(32)]
    answers = await asyncio.gather(*(tills.hold(*each) for each in asked + asked))
    made = {each for each in answers if len(each) == 36}
    assert (len(made), await tills.used(), await tills.held()) == (16, 160, 160)
    assert set(answers) - made == {"device_limit"}


@pytest.mark.parametrize("seed", range(40))
async def test_one_key_said_many_times_at_once_counts_once_whoever_is_refused(seed: int) -> None:
    """Some attempts are refused (the account is empty, or they ask for other points), one may succeed meanwhile."""
    tills = await Tills(seed, device=1000).open()
    first = await tills.hold("ann", 90)
    again = [tills.hold("ann", points, "same") for points in (20, 20, 30, 20, 30, 20)]
    freed = tills.doors[1].command("ann", VoidHold(first), "seller", "void")
    await asyncio.gather(*again[:3], freed, *again[3:])
    assert await tills.used() == 90 + await tills.held()


@pytest.mark.parametrize("call", ["insert", "replace_views", "finish"])
async def test_what_nobody_knows_the_end_of_stays_counted(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database fails while the account is asked; then the same is said again."""
    tills = await Tills(device=100).open()
    monkeypatch.setattr("chassis.commands.ATTEMPTS", 1)
    quotas = tills.doors[0].quotas
    take = quotas._take

    async def take_and_lose(*args: Any) -> Any:
        taken = await take(*args)
        tills.store.fails.add(call)
        return taken

    for door in tills.doors:
        monkeypatch.setattr(door.quotas, "_take", take_and_lose)
    assert await tills.hold("ann", 100, "once") == Unavailable.code
    monkeypatch.undo()
    tills.store.fails.clear()
    assert await tills.used() == 100
    assert await tills.hold("bea", 1) == "device_limit"
    assert len(await tills.hold("ann", 100, "once")) == 36
    assert (await tills.used(), await tills.held()) == (100, 100)
