"""A household in memory: members' accounts and the household by the chassis' own folder; what they say waits in a box."""

from datetime import datetime
from typing import Any

from contracts.fact import Fact
from contracts.facts.households import PoolAnswered
from services.loyalty.domain.household import NO_HOUSEHOLD, Household
from services.loyalty.domain.household_commands import (
    AcceptHousehold,
    ContributePoints,
    FoundHousehold,
    InviteToHousehold,
    WithdrawPoints,
)
from services.loyalty.store.household import HOUSEHOLD
from tests.unit.facts import day, paid, signed
from tests.unit.loyalty.shop import Shop
from tests.unit.test_merging import with_subject

HOME, SHE, HE, CHILD = "home", "she", "he", "child"


def rich(who: str, points: int = 1000, now: datetime | None = None) -> list[Fact]:
    """A deal, signed and paid, for so many points."""
    at, price = now or day(0), f"{points}000.00"
    return [with_subject(each, who) for each in (signed(at, f"D-{who}", price), paid(at, f"D-{who}", price))]


class Home(Shop):
    """Accounts and households in one memory."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds["household"] = HOUSEHOLD
        self.returned: dict[str, int] = {}
        """Points that a household sent back."""

    def _hear(self, entity: str, out: Any) -> None:
        heard = self.language.heard(out).data
        if isinstance(heard, PoolAnswered) and not heard.taken:
            self.returned[entity] = self.returned.get(entity, 0) + sum(part.points for part in heard.lots)
        super()._hear(entity, out)

    def household(self, name: str = HOME) -> Household:
        return self.heads[name].state if name in self.heads else NO_HOUSEHOLD

    def points(self, name: str = HOME) -> int:
        return sum(lot.points for lot in self.household(name).lots.values())

    def say(self, data: Any, subject: str, name: str = "", now: datetime | None = None) -> str:
        """A command, and all that follows of it."""
        refused = self.tell(data, subject, name or f"{data.TYPE}-{len(self.chains.get(subject, []))}-{subject}", now)
        self.deliver()
        return refused

    def found(self, head: str = SHE, name: str = HOME, now: datetime | None = None) -> str:
        return self.say(FoundHousehold(), head, name, now)

    def join(self, member: str, head: str = SHE, name: str = HOME, now: datetime | None = None) -> str:
        return self.say(InviteToHousehold(head, member), name, now=now) or self.say(
            AcceptHousehold(name), member, now=now
        )

    def give(self, member: str, points: int, name: str = "C1", now: datetime | None = None, home: str = HOME) -> str:
        return self.say(ContributePoints(home, member, points), member, name, now)

    def take(self, member: str, points: int, name: str = "W1", now: datetime | None = None, home: str = HOME) -> str:
        return self.say(WithdrawPoints(member, points), home, name, now)


def at_home(*members: str, points: int = 1000) -> Home:
    """A household of her and these, each with so many points."""
    made = Home()
    for who in (SHE, *members):
        for each in rich(who, points):
            made.fold(each)
    assert made.found() == ""
    for who in members:
        assert made.join(who) == ""
    return made


def split(made: Home, who: str) -> tuple[int, int, int]:
    """A member's points: active, owed, and what went to others less what came."""
    own = made.state(who).balances
    return own.active, -own.debt, own.transferred
