"""A member's points as a purse: what a person with a pencil would keep. Imports nothing of ours.

It knows no lots and no ledger. It works everything out by itself but two things that depend on lots: how many points
expire, and how many of those taken back were gone already; it is told these, and says whether they can be true.
"""

from typing import NamedTuple


class Split(NamedTuple):
    """What a member has: to spend, set aside, blocked, owed."""

    active: int
    held: int
    blocked: int
    owed: int


class Spent(NamedTuple):
    """Points spent and not refunded, and the day they were spent."""

    points: int
    day: str


class Purse:
    """Points of one member."""

    def __init__(self) -> None:
        self.active = 0
        self.owed = 0
        self.holds: dict[str, int] = {}
        self.spends: dict[str, Spent] = {}
        self.blocked: dict[str, int] = {}
        self.redeemed = 0
        self.expired = 0
        self.gone = 0

    @property
    def split(self) -> Split:
        """What the member has."""
        return Split(self.active, sum(self.holds.values()), sum(self.blocked.values()), self.owed)

    @property
    def worth(self) -> int:
        """What would be left if all debts were paid."""
        return self.active + sum(self.holds.values()) + sum(self.blocked.values()) - self.owed

    def earn(self, points: int) -> None:
        """New points, or points that come back from a spend: they repay what is owed first."""
        repaid = min(points, self.owed)
        self.owed -= repaid
        self.active += points - repaid

    def may_hold(self, points: int, most: int, day: str, a_day: int) -> bool:
        """Whether so many points can be set aside, when there may be `most` holds, and so many points used `a_day`."""
        used = sum(self.holds.values()) + sum(spent.points for spent in self.spends.values() if spent.day == day)
        return self.owed == 0 and points <= self.active and len(self.holds) < most and used + points <= a_day

    def hold(self, name: str, points: int) -> None:
        """Set points aside."""
        self.active -= points
        self.holds[name] = points

    def void(self, name: str) -> None:
        """Give back what is set aside."""
        self.active += self.holds.pop(name)

    def capture(self, name: str, points: int, day: str) -> None:
        """Spend a part of what is set aside, give back the rest."""
        self.active += self.holds.pop(name) - points
        self.spends[name] = Spent(points, day)
        self.redeemed += points

    def refund(self, name: str, points: int) -> None:
        """Take back a part of a spend."""
        spent = self.spends[name]
        self.spends[name] = Spent(spent.points - points, spent.day)
        self.redeemed -= points
        self.earn(points)

    def block(self, name: str, points: int) -> None:
        """Points that nobody may touch for a while."""
        self.active -= points
        self.blocked[name] = self.blocked.get(name, 0) + points

    def unblock(self, name: str) -> None:
        """They may be touched again."""
        self.active += self.blocked.pop(name)

    def expire(self, points: int) -> None:
        """Points reached their end, as somebody says who knows lots."""
        assert 0 <= points <= self.active
        self.active -= points
        self.expired += points

    def lose(self, points: int, now: Split, expired: int = 0) -> None:
        """The reason for so many points fell away; `now` is what is said to be left. What had expired is not owed; points
        that were set aside until after their end, and come back by this, have `expired`.
        """
        worth = now.active + now.held + now.blocked - now.owed
        gone = worth - (self.worth - points - expired)
        assert 0 <= gone <= self.expired - self.gone, "more was gone than ever expired"
        assert now.active >= 0 <= now.owed and now.held <= sum(self.holds.values())
        assert now.blocked <= sum(self.blocked.values())
        self.gone, self.expired = self.gone + gone, self.expired + expired
        self.active, self.owed = now.active, now.owed
