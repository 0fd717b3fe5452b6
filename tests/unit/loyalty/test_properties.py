"""Facts in any order give the same balances, equal to the oracle's plain arithmetic; accounts stay small."""

from datetime import timedelta

import msgspec
from hypothesis import given, settings

from contracts.facts.visits import VisitCompleted
from services.loyalty.domain.commands import CaptureHold, HoldPoints, RefundSpend
from services.loyalty.domain.deals import DEALS_BEFORE_FOLDING, MOST_UNSETTLED_DEALS
from services.loyalty.domain.errors import DealFoldedAway, TooManyDeals
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.domain.policy import policy_from
from services.loyalty.worker.table import RULES
from tests.oracles import loyalty_oracle
from tests.unit import facts as f
from tests.unit.facts import day, fact
from tests.unit.loyalty.accounts import POLICY, check, check_ledger, command, fold
from tests.unit.loyalty.test_policy import DOCUMENT
from tests.unit.loyalty.test_spending import refusal
from tests.unit.strategies import shuffled_histories

LIMIT = 64 * 1024
NEWER = (
    *("refund_days", "expired_refund", "warning_days", "most_spent_a_day", "suggestion_points"),
    *("most_adjusted", "adjustment_days", "transfer_days"),
    *(f"most_spent_a_day_by_{scope}" for scope in ("household", "agent", "device")),
)
"""Numbers that policies published by earlier releases do not have."""


def member(account: Account) -> dict[str, int]:
    balances = account.balances
    return {
        "pending": balances.pending,
        "active": balances.active,
        "qualifying": account.qualifying_points,
        "debt": account.owed,
    }


def quiet_fold(facts) -> Account:
    account = EMPTY
    for each in facts:
        account, _ = RULES[each.type].apply(account, each, each.recorded_at, POLICY)
    return account


@settings(max_examples=300, deadline=None)
@given(shuffled_histories())
def test_any_order_gives_the_balances_of_the_oracle(histories) -> None:
    history, shuffled = histories
    expected = loyalty_oracle.balance([f.as_event(each) for each in history])
    for facts in (history, shuffled):
        account, published = fold(facts)
        assert member(account) == expected
        check_ledger(account, published)


def many(pattern) -> list:
    return [each for number in range(10_000 // len(pattern(0))) for each in pattern(number)]


def test_ten_thousand_paid_deals_fit_into_an_account() -> None:
    account = quiet_fold(
        many(lambda n: (f.signed(day(n / 50), f"D{n}", "5000.00"), f.paid(day(n / 50), f"D{n}", "5000.00")))
    )
    check(account)
    assert account.balances.active == 25_000
    assert len(msgspec.msgpack.encode(account)) < LIMIT


def test_ten_thousand_surveys_visits_and_payments_fit_into_an_account() -> None:
    account = quiet_fold(many(lambda n: (f.survey(day(n / 50), f"V{n}"), f.visit(day(n), f"V{n}"), f.paid(day(n)))))
    check(account)
    assert len(msgspec.msgpack.encode(account)) < LIMIT


def test_a_folded_deal_ignores_payments_and_refuses_a_cancellation() -> None:
    deals = [(f.signed(day(0), f"D{n}", "1000.00"), f.paid(day(0), f"D{n}", "1000.00")) for n in range(200)]
    account = quiet_fold(each for pair in deals for each in pair)
    assert "D0" not in account.deals and len(account.deals) <= DEALS_BEFORE_FOLDING
    assert quiet_fold([]) == EMPTY
    assert RULES["crm.deal.handed_over.v1"].apply(account, f.handed_over(day(1), "D0"), day(1), POLICY) == (account, ())
    assert isinstance(refusal(account, f.cancelled(day(1), "D0", "1000.00")), DealFoldedAway)


def test_more_unsettled_deals_than_an_account_can_hold_are_refused() -> None:
    account = quiet_fold(f.signed(day(0), f"D{n}", "1000.00") for n in range(MOST_UNSETTLED_DEALS))
    assert isinstance(refusal(account, f.signed(day(0), "D-more", "1000.00")), TooManyDeals)


def test_marks_are_found_only_where_they_begin() -> None:
    account = Account(once=b"abcdefghijkl")
    assert account.has_mark(b"ghijkl") and account.has_mark(b"abcdef")
    assert not account.has_mark(b"bcdefg")
    assert Account(once=b"xabcdefabcde" + b"abcdef").has_mark(b"abcdef")


def test_a_thousand_weeks_of_visits_earn_every_week_once() -> None:
    weekly = [day(7 * week + extra) for week in range(1000) for extra in (0, 3)]
    visits = [fact(VisitCompleted(f"V{n}", "P1"), time + timedelta(0), f"v{n}") for n, time in enumerate(weekly)]
    assert quiet_fold(visits).balances.program == -50_000


def test_ten_thousand_facts_of_spending_fit_into_an_account() -> None:
    account, _ = fold([f.signed(day(0), "D1", "9000000.00"), f.paid(day(0), "D1", "9000000.00")])
    for number in range(3_300):
        now, hold = day(1 + number / 200), f"0b9f6a54-6a3e-5d0f-9b51-{number:012}"
        told = [command(HoldPoints(2), now, hold), command(CaptureHold(hold, 1), now, f"c{number}")]
        for each in [*told, command(RefundSpend(hold), now, f"r{number}")] if number % 2 else told:
            account, _ = RULES[each.type].apply(account, each, now, POLICY)
    check(account)
    assert account.balances.redeemed == 1_650
    assert len(msgspec.msgpack.encode(account)) < LIMIT


def test_an_account_of_an_older_release_is_read() -> None:
    """As it was stored before lots could be blocked, spends refunded and points transferred."""
    lot = ["visit", "2028-03-31T16:00:00Z", 50, 0, 20, 30, 0, 0, 0, 0, 0, 0]
    stored = {
        "balances": {
            "program": -50,
            "pending": 0,
            "active": 20,
            "held": 30,
            "debt": 0,
            "redeemed": 0,
            "breakage": 0,
            "reversed": 0,
        },
        "lots": {"visit.2028-03": lot},
        "holds": {"H1": ["2026-03-09T00:00:00Z", {"visit.2028-03": 30}]},
        "qualifying": {"2028-03": 50},
    }
    account = msgspec.msgpack.decode(msgspec.msgpack.encode(stored), type=Account)
    check(account)
    assert (account.spends, account.holds["H1"].to, account.balances.blocked) == ({}, "", 0)


def test_a_policy_of_an_older_release_is_in_force_with_the_numbers_it_does_not_name() -> None:
    document = {name: number for name, number in DOCUMENT.items() if name not in NEWER}
    assert policy_from(document) == msgspec.structs.replace(POLICY, most_spent_a_day=0)
