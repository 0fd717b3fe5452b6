"""The books examined: what is right is found right, what is not is named."""

import pytest
from msgspec.structs import replace

from chassis.errors import InvalidRequest
from contracts.fact import Fact
from contracts.facts.loyalty import Entry
from services.loyalty.api.books import next_part, part
from services.loyalty.domain.audit import examine, examine_pool, liability, pool_liability
from services.loyalty.domain.household import NO_HOUSEHOLD, Household
from services.loyalty.domain.model import EMPTY, Account, Lot
from tests.unit import facts as f
from tests.unit.facts import day
from tests.unit.loyalty.accounts import fold
from tests.unit.loyalty.home import HE, HOME, SHE, at_home
from tests.unit.loyalty.test_refunds import refund
from tests.unit.loyalty.test_spending import FULL, capture, hold

STORY = [*FULL, f.visit(day(1)), hold(300, day(1)), capture(day(1)), refund(100, day(2)), f.signed(day(3), "D2")]
ACCOUNT, LEDGER = fold(STORY)


def test_right_books_are_right() -> None:
    found = examine(ACCOUNT, LEDGER)
    assert found.wrong == []
    assert found.sums == {"program": -3050, "pending": 2000, "active": 850, "held": 0, "redeemed": 200}
    assert found.entries == 2 * len([each for each in LEDGER if each.type != "crm.loyalty_tier.changed.v1"])


def test_a_balance_that_is_not_the_ledger_s_is_named() -> None:
    wrong = replace(ACCOUNT, balances=replace(ACCOUNT.balances, active=851, program=-3051))
    found = examine(wrong, LEDGER)
    assert found.wrong == [
        "program: ledger -3050, account -3051",
        "active: ledger 850, account 851",
        "active: lots hold 850",
    ]


def test_a_transaction_that_does_not_sum_to_zero_is_named() -> None:
    data = replace(LEDGER[0].data, entries=(Entry("program", -1), Entry("pending", 2)))
    found = examine(ACCOUNT, [replace(LEDGER[0], data=data), *LEDGER[1:]])
    assert f"fact {LEDGER[0].id} does not sum to zero" in found.wrong


def test_a_lot_that_does_not_balance_is_named() -> None:
    lots = {**ACCOUNT.lots, "visit.2028-03": replace(ACCOUNT.lots["visit.2028-03"], granted=51)}
    assert examine(replace(ACCOUNT, lots=lots), LEDGER).wrong == ["lot visit.2028-03 does not balance"]
    short = {**ACCOUNT.lots, "x.2028-03": Lot("x", granted=0, spent=-1, expired=1)}
    assert examine(replace(ACCOUNT, lots=short), LEDGER).wrong == ["lot x.2028-03 does not balance"]


def test_what_is_said_and_not_kept_is_named() -> None:
    """A fact of the ledger that the account forgot, and the other way round."""
    assert examine(EMPTY, LEDGER[:1]).wrong == ["program: ledger -1000, account 0", "pending: ledger 1000, account 0"]
    assert examine(ACCOUNT, LEDGER[:-1]).wrong != []


def test_the_liability_is_what_members_have() -> None:
    """Two members: their sums, and the months in which points end; pending ones have none yet."""
    found = liability([ACCOUNT, ACCOUNT, Account()])
    assert found.quantities == {"pending": 4000, "active": 1700, "held": 0, "blocked": 0, "debt": 0}
    assert found.ending == {"2028-03": 1700}


def pool() -> tuple[Household, list[Fact]]:
    """A pool of 180 points: 300 came, 120 went."""
    made = at_home(HE)
    assert made.give(SHE, 300) == made.take(HE, 120) == ""
    return made.household(), [made.language.heard(out) for out in made.said[HOME]]


def test_right_books_of_a_pool_are_right() -> None:
    assert examine_pool(*pool()) == (4, {"active": 180, "transferred": -180}, [])


def test_a_pool_that_is_not_what_its_ledger_says_is_named() -> None:
    household, said = pool()
    wrong = replace(household, balances=replace(household.balances, active=181, transferred=-181))
    assert examine_pool(wrong, said).wrong == [
        "active: ledger 180, pool 181",
        "transferred: ledger -180, pool -181",
        "active: lots hold 180",
    ]
    data = replace(said[0].data, entries=(Entry("transferred", -1), Entry("active", 300)))
    assert f"fact {said[0].id} does not sum to zero" in examine_pool(household, [replace(said[0], data=data)]).wrong


def test_what_is_in_pools_is_owed_to_members() -> None:
    household, _ = pool()
    assert pool_liability([household, NO_HOUSEHOLD]) == ({"pooled": 180}, {"2028-03": 180})


def test_pages_of_pools_come_after_those_of_accounts() -> None:
    """Whoever goes on with what an answer said comes to the households, and then to an end."""
    assert part("") == ("account", "")
    assert part("00ab") == ("account", "00ab")
    assert part(next_part("account", "00ab")) == ("account", "00ab")
    assert part(next_part("account", "")) == ("household", "")
    assert part(next_part("household", "00ab")) == ("household", "00ab")
    assert next_part("household", "") == ""
    for wrong in ("1", "0zz", "zz"):
        with pytest.raises(InvalidRequest):
            part(wrong)
