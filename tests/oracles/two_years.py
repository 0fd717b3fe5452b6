"""Two years of a company, made up with a fixed seed, and what they must come to. Imports nothing of ours.

Who buys pays in instalments; some cancel in part or whole; some were referred; points are spent, and some spends refunded;
half a year after, the first points have expired. Facts of a week may come in any order: those of one deal are a week apart
at least, and every fourth week belongs to cancellations, because whether new points repay a debt depends on what came
first. Points are spent on Sunday evenings, when the week's facts are in.

`member` computes like a spreadsheet: a row for each kind of points and month of expiry, plain whole numbers and Decimal.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2024, 1, 1, tzinfo=ZONE)
"""A Monday."""
WEEKS, ALL_WEEKS = 104, 130
VISIT, SURVEY, YUAN, REFEREE, REFERRER, MONTHS = 50, 20, 1000, 5000, 20000, 24
PROTECTED = timedelta(days=90)

Event = dict[str, Any]


def end_of(week: int) -> datetime:
    """The Sunday evening of a week."""
    return BEGIN + timedelta(weeks=week, days=6, hours=20)


def week_of(event: Event) -> int:
    """The week of an event."""
    return (event["time"] - BEGIN).days // 7


# ---- made up ---------------------------------------------------------------------------------------------------------


def story(customers: int, seed: int = 2029) -> list[Event]:
    """All events in order of time; `type` of a command is `spend` or `refund`."""
    told = [event for number in range(customers) for event in _life(number, random.Random(f"{seed}-{number}"))]
    return sorted(told, key=lambda event: (event["time"], event["id"]))


def _life(number: int, dice: random.Random) -> Iterator[Event]:
    for visit in range(dice.randrange(1, 5)):
        week = _week(dice, 0, WEEKS)
        yield _event(number, "visit.completed", f"v{visit}", week, dice, visit_id=f"V{number}-{visit}", project_id="P1")
        if dice.random() < 0.5:
            about = {"kind": "visit", "id": f"V{number}-{visit}"}
            answers = [{"value": 4, "min": 1, "max": 5}]
            yield _event(
                number, "survey.answered", f"a{visit}", week + 1, dice, instrument="csat", answers=answers, about=about
            )
    for deal in range(dice.choice((0, 0, 1, 1, 2))):
        yield from _deal(number, f"{number}-{deal}", dice)
    yield from _spending(number, dice)


def _deal(number: int, deal: str, dice: random.Random) -> Iterator[Event]:
    week, price = _week(dice, 1, 60), dice.randrange(300_000_00, 3_000_000_00)
    if number and dice.random() < 0.4:
        referrer = _name(dice.randrange(number))
        yield _event(
            number, "lead.captured", f"l{deal}", week - 1, dice, project_id="P1", channel="referral", referrer=referrer
        )
    yield _event(number, "deal.signed", f"s{deal}", week, dice, deal_id=deal, project_id="P1", price=_money(price))
    parts = dice.randrange(1, 6)
    for part in range(parts):
        week = _free(week + dice.randrange(1, 6))
        amount = price // parts if part < parts - 1 else price - price // parts * (parts - 1)
        yield _event(
            number,
            "deal.payment_received",
            f"p{deal}-{part}",
            week,
            dice,
            deal_id=deal,
            payment_id=f"{deal}-{part}",
            amount=_money(amount),
        )
        if dice.random() < 0.1:
            break
    if dice.random() < 0.4:
        yield _event(number, "deal.handed_over", f"h{deal}", _free(week + 2), dice, deal_id=deal)
    for step in range(dice.choice((0, 0, 1, 1, 2))):
        week = _cancelling(week + 1)
        amount = dice.choice((price, price // 3, price // 7))
        yield _event(
            number,
            "deal.cancelled",
            f"c{deal}-{step}",
            week,
            dice,
            deal_id=deal,
            stage="signed",
            cancelled_amount=_money(amount),
        )


def _spending(number: int, dice: random.Random) -> Iterator[Event]:
    for spend in range(dice.randrange(0, 6)):
        week, name = dice.randrange(4, ALL_WEEKS - 8), f"H{number}-{spend}"
        yield _command(number, "spend", name, end_of(week), points=dice.choice((30, 100, 700, 3000, 15000)))
        if dice.random() < 0.4:
            at = end_of(week + dice.randrange(1, 7)) + timedelta(hours=1)
            yield _command(number, "refund", f"R{name}", at, spend=name, share=dice.choice((1, 2, 3)))


def _week(dice: random.Random, first: int, last: int) -> int:
    return _free(dice.randrange(first, last))


def _free(week: int) -> int:
    """The week, or the one after it if it belongs to cancellations."""
    return week + 1 if week % 4 == 3 else week


def _cancelling(week: int) -> int:
    return week + (3 - week) % 4


def _name(number: int) -> str:
    return f"member-{number:05}"


def _money(fen: int) -> dict[str, str]:
    return {"amount": f"{Decimal(fen) / 100:.2f}", "currency": "CNY"}


def _event(number: int, type_: str, name: str, week: int, dice: random.Random, **data: Any) -> Event:
    week = week if type_ == "deal.cancelled" else _free(week)
    time = BEGIN + timedelta(weeks=week, days=dice.randrange(6), seconds=dice.randrange(9 * 3600, 20 * 3600))
    return {
        "source": "/made-up",
        "id": f"{number:05}-{name}",
        "type": f"crm.{type_}.v1",
        "subject": _name(number),
        "time": time,
        "data": data,
    }


def _command(number: int, type_: str, name: str, time: datetime, **data: Any) -> Event:
    return {"source": "/made-up", "id": name, "type": type_, "subject": _name(number), "time": time, "data": data}


# ---- calculated ------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """Points of one kind that end with one month."""

    active: int = 0
    spent: int = 0
    charged: int = 0


@dataclass
class Deal:
    """What a spreadsheet knows of a deal; `rows` are those its points went to, in order."""

    price: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)
    handed: bool = False
    rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def points(self) -> tuple[int, int]:
        """Pending and active."""
        if not self.price:
            return 0, 0
        granted = floor(self.price / YUAN)
        released = granted if self.handed else min(granted, floor(granted * self.paid / self.price))
        left = granted - min(granted, floor(granted * self.cancelled / self.price))
        return left - min(released, left), min(released, left)


@dataclass
class Member:
    """A member's sheet."""

    rows: dict[tuple[str, str], Row] = field(default_factory=lambda: defaultdict(Row))
    deals: dict[str, Deal] = field(default_factory=lambda: defaultdict(Deal))
    counted: set[Any] = field(default_factory=set)
    spends: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    qualifying: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    referred: tuple[datetime, str] | None = None
    came: datetime | None = None
    own: dict[tuple[str, str], int] = field(default_factory=dict)
    of_friends: dict[str, dict[tuple[str, str], int]] = field(default_factory=lambda: defaultdict(dict))
    debt: int = 0
    redeemed: int = 0
    expired: int = 0

    def expire(self, now: datetime) -> None:
        """Rows whose month is over."""
        for (month, _), row in self.rows.items():
            if row.active and _over(month, now):
                self.expired, row.active = self.expired + row.active, 0

    def earn(self, kind: str, time: datetime, points: int) -> tuple[str, str]:
        """New points: they repay what is owed, the rest is active. Returns their row."""
        key = _month(time, MONTHS), kind
        self.repay(self.rows[key], points)
        return key

    def repay(self, row: Row, points: int) -> None:
        """Points that have just come."""
        repaid = min(points, self.debt)
        self.debt, row.spent, row.active = self.debt - repaid, row.spent + repaid, row.active + points - repaid

    def balance_to(self, wanted: int, rows: dict[tuple[str, str], int], kind: str, time: datetime) -> int:
        """Give, or take back from the newest rows, until so many points are given; returns the difference."""
        more = wanted - sum(rows.values())
        if more > 0:
            key = self.earn(kind, time, more)
            rows[key] = rows.get(key, 0) + more
            if kind == "deal":
                self.qualifying[key[0]] += more
        for key in list(reversed(rows)) if more < 0 else ():
            share = min(rows[key], sum(rows.values()) - wanted)
            rows[key] -= share
            self.take(self.rows[key], share)
            if kind == "deal":
                self.qualifying[key[0]] -= share
            if not rows[key]:
                del rows[key]
        return more

    def take(self, row: Row, points: int) -> None:
        """Points whose reason fell away: what is spent is owed, what expired is gone."""
        here = min(points, row.active)
        row.active -= here
        owed = min(points - here, row.spent - row.charged)
        row.charged, self.debt = row.charged + owed, self.debt + owed

    def spend(self, name: str, points: int, now: datetime) -> bool:
        """What ends first is spent first, of one month by name; not while something is owed."""
        self.expire(now)
        if self.debt or sum(row.active for row in self.rows.values()) < points:
            return False
        left, self.spends[name] = points, {}
        for key in sorted(self.rows):
            share = min(left, self.rows[key].active)
            if share:
                self.rows[key].active, self.rows[key].spent = (
                    self.rows[key].active - share,
                    self.rows[key].spent + share,
                )
                left, self.spends[name][key] = left - share, share
        self.redeemed += points
        return True

    def refund(self, name: str, points: int, now: datetime) -> None:
        """Back to the rows they came from, the last ones first; those of a month that is over expire."""
        spent = self.spends[name]
        for key in list(reversed(spent)):
            share = min(points, spent[key])
            points, spent[key] = points - share, spent[key] - share
            row = self.rows[key]
            row.spent -= share
            self.repay(row, share)
            row.charged = min(row.charged, row.spent)
            self.redeemed -= share
        self.expire(now)

    def total(self, now: datetime) -> dict[str, int]:
        """The sums at the end."""
        self.expire(now)
        return {
            "pending": sum(deal.points()[0] for deal in self.deals.values()),
            "active": sum(row.active for row in self.rows.values()),
            "debt": self.debt,
            "redeemed": self.redeemed,
            "breakage": self.expired,
            "qualifying": sum(points for month, points in self.qualifying.items() if not _over(month, now)),
        }


class Company:
    """All sheets."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = defaultdict(Member)

    def tell(self, events: Sequence[Event]) -> None:
        """Enter facts in the order of time; a fact whose id came before is the same fact."""
        for event in sorted(events, key=lambda event: (event["time"], event["id"])):
            self._enter(event, self.members[event["subject"]], event["data"], event["time"])

    def _enter(self, event: Event, member: Member, data: Any, time: datetime) -> None:
        name = event["type"].split(".", 1)[1].removesuffix(".v1")
        if name == "visit.completed":
            self._come(member, time)
            sunday = time + timedelta(days=7 - time.isoweekday())  # whichever visit of the week is heard of first
            self._once(member, (data["project_id"], *time.isocalendar()[:2]), "visit", VISIT, sunday)
        elif name == "survey.answered":
            self._once(member, (data["instrument"], data["about"]["id"]), "survey", SURVEY, time)
        elif name == "lead.captured":
            if member.came is None and (member.referred is None or time >= member.referred[0] + PROTECTED):
                member.referred = (time, data["referrer"])
        else:
            self._deal(event["subject"], member, name, data, time)

    def _come(self, member: Member, time: datetime) -> None:
        """The first visit or contract: from then on somebody is a customer, and nobody's news."""
        if member.came is None:
            member.came = time
            if member.referred and time >= member.referred[0] + PROTECTED:
                member.referred = None

    def _once(self, member: Member, what: Any, kind: str, points: int, time: datetime) -> None:
        if what not in member.counted:
            member.counted.add(what)
            member.qualifying[member.earn(kind, time, points)[0]] += points

    def _deal(self, customer: str, member: Member, name: str, data: Any, time: datetime) -> None:
        deal = member.deals[data["deal_id"]]
        if name == "deal.signed":
            deal.price = Decimal(data["price"]["amount"])
            self._come(member, time)
        elif name == "deal.payment_received":
            deal.paid += Decimal(data["amount"]["amount"])
        elif name == "deal.cancelled":
            deal.cancelled += Decimal(data["cancelled_amount"]["amount"])
        deal.handed = deal.handed or name == "deal.handed_over"
        member.balance_to(deal.points()[1], deal.rows, "deal", time)
        self._reward(customer, member, time)

    def _reward(self, customer: str, member: Member, time: datetime) -> None:
        """Both sides of a referral, by the deal paid in full of which most is left."""
        if member.referred and member.came:
            share = max((_share(each) for each in member.deals.values()), default=Fraction(0))
            member.balance_to(floor(REFEREE * share), member.own, "referral", time)
            referrer = self.members[member.referred[1]]
            referrer.balance_to(floor(REFERRER * share), referrer.of_friends[customer], "referral", time)


def _share(deal: Deal) -> Fraction:
    """What is left of a deal paid in full, as an exact fraction."""
    if not deal.price or deal.paid < deal.price:
        return Fraction(0)
    return max(Fraction(0), Fraction(deal.price - deal.cancelled) / Fraction(deal.price))


def _month(time: datetime, later: int) -> str:
    local = time.astimezone(ZONE)
    year, month = divmod(local.year * 12 + local.month - 1 + later, 12)
    return f"{year:04}-{month + 1:02}"


def _over(month: str, now: datetime) -> bool:
    return f"{now.astimezone(ZONE):%Y-%m}" > month
