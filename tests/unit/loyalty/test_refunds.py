"""Partial captures and refunds, worked by hand: points go back where they came from, and expire when they would have."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.facts.loyalty import PointsExpired, PointsRefunded, PointsReversed
from contracts.facts.referrals import ReferralSettled
from services.loyalty.domain.commands import CaptureHold, RefundSpend
from services.loyalty.domain.refunds import MOST_SPENDS
from services.loyalty.worker.table import RULES
from tests.unit import facts as f
from tests.unit.facts import day
from tests.unit.loyalty.accounts import POLICY, apply, check_ledger, command, fold
from tests.unit.loyalty.test_referral import STORY as REFERRAL
from tests.unit.loyalty.test_spending import FULL, capture, fire_until, hold, refusal, void

EXPIRY = datetime(2028, 3, 31, 16, tzinfo=UTC)


def part(points: int, now: datetime, hold_id: str = "H1"):
    return command(CaptureHold(hold_id, points), now, f"capture-{hold_id}")


def refund(points: int | None, now: datetime, number: int = 1, hold_id: str = "H1"):
    return command(RefundSpend(hold_id, points), now, f"refund-{hold_id}-{number}")


def test_a_part_is_captured_and_the_rest_comes_back() -> None:
    """Of 300 set aside 200 are spent."""
    account, published = fold([*FULL, hold(300, day(1)), part(200, day(1))])
    assert (account.balances.active, account.balances.held, account.balances.redeemed) == (800, 0, 200)
    assert [each.data.why for each in published[-2:]] == ["hold_captured", "hold_not_needed"]
    check_ledger(account, published)


def test_more_than_was_set_aside_cannot_be_captured() -> None:
    account, _ = fold([*FULL, hold(300, day(1))])
    refused = refusal(account, part(301, day(1)))
    assert (refused.code, refused.pointer) == ("capture_over_hold", "/points")


def test_a_refund_goes_back_to_the_same_lots_with_their_expiry() -> None:
    """60 points came from two lots; 30 are refunded, then 30: each lot has again what it had."""
    before, _ = fold([f.visit(day(40), "V2"), f.visit(day(2), "V1")])
    account, _ = fold([hold(60, day(41)), capture(day(41))], before)
    account, published = fold([refund(30, day(42)), refund(None, day(43), 2)], account)
    assert account.lots == before.lots and account.spends == {}
    parts = [(part.lot_id, part.points, part.expires_at) for each in published for part in each.data.lots]
    april = datetime(2028, 4, 30, 16, tzinfo=UTC)
    assert parts == [("visit.2028-04", 10, april), ("visit.2028-03", 20, EXPIRY), ("visit.2028-03", 30, EXPIRY)]


def test_a_spend_is_refunded_once() -> None:
    account, _ = fold([*FULL, hold(300, day(1)), capture(day(1)), refund(200, day(2))])
    assert refusal(account, refund(101, day(3), 2)).code == "refund_over_spend"
    account, _ = fold([refund(100, day(3), 2)], account)
    assert (account.balances.active, account.balances.redeemed) == (1000, 0)
    assert refusal(account, refund(1, day(4), 3)).code == "unknown_spend"
    assert refusal(account, refund(1, day(4), 3, "H-never")).code == "unknown_spend"


def test_after_its_time_a_spend_cannot_be_refunded() -> None:
    account, _ = fold([*FULL, hold(300, day(1)), capture(day(1))])
    assert refusal(account, refund(None, day(1 + POLICY.refund_days))).code == "unknown_spend"


@pytest.mark.parametrize(("kind", "active", "expired"), [("expire", 0, 50), ("extend", 50, 0)])
def test_the_policy_says_what_becomes_of_a_refund_to_a_lot_that_has_expired(kind, active: int, expired: int) -> None:
    policy = msgspec.structs.replace(POLICY, expired_refund=kind)
    spent = [f.visit(day(2)), hold(50, EXPIRY - timedelta(days=1)), capture(EXPIRY - timedelta(days=1))]
    account, published = fold([*spent, refund(None, EXPIRY + timedelta(days=1))], policy=policy)
    assert (account.balances.active, account.balances.breakage, account.balances.redeemed) == (active, expired, 0)
    assert list(account.lots) == ([] if kind == "expire" else ["refund.2028-06"])
    check_ledger(account, published)


def test_a_refund_repays_debt_first() -> None:
    """300 spent, the deal cancelled: 300 are owed. Refunded, nothing is owed and nothing is left."""
    story = [*FULL, hold(300, day(1)), capture(day(1)), f.cancelled(day(2), amount="1000000.00")]
    account, published = fold([*story, refund(None, day(3))])
    assert (account.owed, account.balances.active, account.balances.redeemed) == (0, 0, 0)
    check_ledger(account, published)


def test_what_expired_is_not_owed_though_a_refund_repaid_the_debt() -> None:
    """Two deals of 100 share a lot: 100 are spent, 100 expire, one deal falls away, the spend is refunded and repays the
    debt. When the other deal falls away too, its points are the expired ones: nothing is owed.
    """
    deals = [f.signed(day(0), name, "100000.00") for name in ("D1", "D2")]
    paid = [f.paid(day(0), name, "100000.00") for name in ("D1", "D2")]
    late = EXPIRY - timedelta(days=1)
    account, _ = fold([*deals, *paid, hold(100, late), capture(late)])
    account, _ = fire_until(account, "lot_expiry")
    account, _ = fold([f.cancelled(EXPIRY + timedelta(days=1), "D1", "100000.00")], account)
    assert account.owed == 100
    account, _ = fold([refund(None, EXPIRY + timedelta(days=2))], account)
    account, _ = fold([f.cancelled(EXPIRY + timedelta(days=3), "D2", "100000.00")], account)
    assert (account.owed, account.balances.active, account.balances.breakage) == (0, 0, 100)


def test_points_that_come_back_to_an_expired_lot_expire_at_once() -> None:
    """The timer of the lot's end has fired for the other points, and fires once."""
    account, _ = fold([f.visit(day(2)), hold(20, EXPIRY - timedelta(minutes=5))])
    account, _ = fire_until(account, "lot_expiry")
    assert (account.balances.breakage, account.balances.held) == (30, 20)
    account, effects = apply(account, void(EXPIRY + timedelta(minutes=5)))
    assert [type(effect.data) for effect in effects] == [PointsRefunded, PointsExpired]
    assert (account.balances.breakage, account.balances.active, account.lots) == (50, 0, {})


def test_points_of_a_referral_that_are_spent_are_owed_when_it_falls_away() -> None:
    """The lot is empty, yet it is remembered what was spent of it."""
    said = [each for each in REFERRAL if each.subject == "friend"]
    account, _ = fold(said)
    account, _ = fold([hold(6500, day(32)), capture(day(32))], account)
    account, published = fold([f.cancelled(day(50), "D3", "1500000.00")], account)
    assert (account.owed, account.balances.active) == (6500, 0)
    assert not [each for each in published if isinstance(each.data, PointsReversed)]


def test_a_referrer_owes_what_was_spent_when_the_referral_falls_away() -> None:
    """The same on the other side."""
    said = [
        f.fact(ReferralSettled("friend", points, "D3"), day(number), f"R{number}")
        for number, points in ((31, 20_000), (50, -20_000))
    ]
    account, _ = fold([said[0], hold(20_000, day(32)), capture(day(32))])
    account, _ = fold([f.visit(day(40))], msgspec.structs.replace(account, spends={}))  # it is too late for a refund
    account, _ = fold([said[1]], account)
    assert (account.owed, account.balances.active) == (20_000, 50)


def test_an_account_remembers_so_many_spends() -> None:
    account, _ = fold(FULL)
    for number in range(MOST_SPENDS + 5):
        for each in (hold(1, day(1), f"H{number}"), capture(day(1), f"H{number}")):
            account, _ = RULES[each.type].apply(account, each, each.recorded_at, POLICY)
    assert len(account.spends) == MOST_SPENDS and "H4" not in account.spends and "H5" in account.spends
