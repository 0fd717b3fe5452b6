"""Two years of a company: whatever order a week arrives in, and however often, the points are those of the bookkeeper."""

from collections import Counter
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from chassis.fold.model import Out
from services.loyalty.domain.model import MARK_BYTES, Account
from tests.company.history import WEEKS, Event, History, end_of, history, subject_of
from tests.company.replay import Replay
from tests.oracles.company_points import Books, Owned
from tests.unit.loyalty.accounts import POLICY, check

OTHER_LOTS = replace(POLICY, shortfall="other_lots")
SMALL, WHOLE = 600, 20_000


@cache
def made(customers: int) -> History:
    return history(customers)


@cache
def counted(customers: int) -> dict[str, Owned]:
    """What the bookkeeper says everybody owns after two years."""
    books, told = Books(), made(customers)
    for events, wishes in zip(told.events, told.wishes, strict=True):
        for event in events:
            books.hear(event)
        for wish in wishes:
            books.wish(wish)
    return {subject: books.owned(subject) for subject in map(subject_of, range(customers))}


def replayed(customers: int, arrival: str) -> Replay:
    """The two years as they arrived: "in order", "shuffled" within each week, or with "duplicates", a twentieth."""
    replay, told, dice = Replay(OTHER_LOTS), made(customers), Random(arrival)
    earlier: list[Event] = []
    for week in range(WEEKS):
        events = list(told.events[week])
        if arrival == "shuffled":
            dice.shuffle(events)
        if arrival == "duplicates":  # each comes again at any time after it came
            again = dice.sample([*earlier, *events], len(events) // 20 + 1 if events else 0)
            earlier += events
            for event in again:
                first = events.index(event) + 1 if event in told.events[week] else 0
                events.insert(dice.randint(first, len(events)), event)
        replay.week(week, events, told.wishes[week])
    return replay


def owned(replay: Replay, subject: str) -> Owned:
    account = replay.account(subject)
    own = account.balances
    refused = replay.refused.get(subject, set())
    return Owned(own.pending, own.active, account.owed, account.qualifying_points, own.redeemed, refused)


def plain(account: Account) -> Any:
    """An account without the order in which its parts came to be."""
    marks = {account.once[at : at + MARK_BYTES] for at in range(0, len(account.once), MARK_BYTES)}
    return sorted(marks), msgspec.to_builtins(replace(account, once=b""))


def by_id(out: Out) -> str:
    return out.id


def judge(customers: int) -> None:
    in_order = replayed(customers, "in order")
    wrong = {s: (owned(in_order, s), want) for s, want in counted(customers).items() if owned(in_order, s) != want}
    assert not wrong, f"{len(wrong)}: {list(wrong.items())[:2]}"
    for arrival in ("shuffled", "duplicates"):
        other = replayed(customers, arrival)
        for subject in counted(customers):
            assert plain(other.account(subject)) == plain(in_order.account(subject)), (arrival, subject)
        if arrival == "duplicates":
            assert other.known > 0
            assert sorted(other.said, key=by_id) == sorted(in_order.said, key=by_id)


def test_a_small_company() -> None:
    judge(SMALL)


@pytest.mark.slow
def test_a_company_of_twenty_thousand_customers() -> None:
    judge(WHOLE)


def test_the_two_years_hold_everything_they_should() -> None:
    """A generator that makes no cancellations would prove nothing about them."""
    told, owns = made(SMALL), counted(SMALL).values()
    kinds = Counter(event["type"] for week in told.events for event in week)
    wishes = Counter(
        ("refund" if w.refunds else "spend" if w.captured else "void") for week in told.wishes for w in week
    )
    assert len(kinds) == 9
    assert min(kinds.values()) > 10
    assert min(wishes.values()) > 10
    assert any(one.debt for one in owns)
    assert any(one.refused for one in owns)
    assert any(one.redeemed for one in owns)


def test_all_points_end_two_years_later() -> None:
    """Nobody comes any more: month by month the points end, once, and the ledger says that they did."""
    replay = replayed(SMALL, "in order")
    ends = {subject: replay.account(subject).balances for subject in counted(SMALL)}
    for weeks in range(1, 180):
        replay.pass_until(end_of(WEEKS - 1) + timedelta(weeks=weeks))
    for subject, before in ends.items():
        account = replay.account(subject)
        check(account)
        assert account.balances.active == 0
        assert account.balances.breakage == before.breakage + before.active
        assert (account.balances.debt, account.balances.pending) == (before.debt, before.pending)
        assert account.tier == "base"
