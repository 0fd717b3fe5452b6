"""Tiers in grace, warnings of expiry, blocked lots, limits, and why: worked by hand."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.facts.loyalty import LoyaltyTierAtRisk, LoyaltyTierChanged, LoyaltyTierRetained, PointsExpiring
from services.loyalty.domain.commands import BlockLot, Due, UnblockLot
from services.loyalty.domain.model import Lot
from services.loyalty.domain.statement import movements_of
from services.loyalty.domain.tiers import points_to_keep
from services.loyalty.domain.timers import next_due
from tests.unit import facts as f
from tests.unit.facts import day
from tests.unit.loyalty.accounts import POLICY, apply, check_ledger, command, fold
from tests.unit.loyalty.test_spending import FULL, capture, fire, fire_until, hold, refusal, void

EXPIRY = datetime(2028, 3, 31, 16, tzinfo=UTC)


def block(now: datetime, lot: str = "visit.2028-03"):
    return command(BlockLot(lot, "fraud_review"), now, f"block-{lot}-{now}")


def unblock(now: datetime, lot: str = "visit.2028-03"):
    return command(UnblockLot(lot), now, f"unblock-{lot}-{now}")


# ---- tiers -----------------------------------------------------------------------------------------------------------


def test_a_tier_at_risk_says_until_when_and_what_is_missing() -> None:
    """1,000 made silver; 400 are cancelled: 400 are missing, for 90 days."""
    account, _ = fold(FULL)
    account, effects = apply(account, f.cancelled(day(5), amount="400000.00"))
    (risk,) = [effect.data for effect in effects if isinstance(effect.data, LoyaltyTierAtRisk)]
    assert (risk.tier, risk.missing, risk.until) == ("silver", 400, day(5) + timedelta(days=90))
    assert points_to_keep(account, POLICY) == 400


def test_a_tier_regained_in_grace_is_retained() -> None:
    account, _ = fold([*FULL, f.cancelled(day(5), amount="400000.00")])
    again = [f.signed(day(30), "D2", "400000.00"), f.paid(day(30), "D2", "400000.00")]
    account, published = fold(again, account)
    said = [each.data for each in published if each.type.startswith("crm.loyalty_tier")]
    assert [(type(each), each.tier) for each in said] == [(LoyaltyTierRetained, "silver")]


def test_a_tier_lost_is_one_step_lower_and_at_risk_again() -> None:
    """Gold whose points all lapse: silver after 90 days, with 90 days to keep it, then base."""
    account, _ = fold([f.signed(day(0), price="5500000.00"), f.paid(day(0), amount="5500000.00")])
    said = []
    while next_due(account, POLICY):
        account, effects = fire(account)
        said += [effect.data for effect in effects if effect.data.TYPE.startswith("crm.loyalty_tier")]
    assert [getattr(each, "after", "") or f"{each.tier} -{each.missing}" for each in said] == [
        "gold -5000",
        "silver",
        "silver -1000",
        "base",
    ]
    assert [type(each) for each in said[1::2]] == [LoyaltyTierChanged] * 2


# ---- warnings --------------------------------------------------------------------------------------------------------


def test_points_are_warned_of_sixty_and_fifteen_days_before_they_end() -> None:
    account, _ = fold([f.visit(day(2)), f.survey(day(3))])
    seen = []
    for _ in range(2):
        due = next_due(account, POLICY)
        account, (effect,) = fire(account)
        seen.append((due, effect.data.points, effect.data.days, effect.data.expires_at))
    assert seen == [
        (Due("expiry_warning", EXPIRY - timedelta(days=days)), 70, days, EXPIRY) for days in POLICY.warning_days
    ]
    assert next_due(account, POLICY) == Due("lot_expiry", EXPIRY)


def test_points_that_are_spent_are_not_warned_of() -> None:
    account, _ = fold([f.visit(day(2)), hold(50, day(3)), capture(day(3))])
    assert next_due(account, POLICY) is None


def test_points_that_come_after_a_warning_are_warned_of_by_the_next() -> None:
    """Held over the first warning of another lot with the same end; given back, only the second one is due."""
    first = EXPIRY - timedelta(days=60)
    account, _ = fold([f.visit(day(2)), f.survey(day(3)), hold(20, first - timedelta(minutes=5))])
    account, (effect,) = fire(account)
    assert effect.data.points == 50
    account, _ = fire_until(account, "hold_timeout")
    assert next_due(account, POLICY) == Due("expiry_warning", EXPIRY - timedelta(days=15))


def test_two_ends_are_two_warnings_though_they_are_due_together() -> None:
    """Lots that end 45 days apart: the last warning of one comes with the first of the other."""
    policy = msgspec.structs.replace(POLICY, warning_days=(45, 14))
    account, _ = fold([f.visit(day(2))], policy=policy)
    other = Lot("gift", EXPIRY + timedelta(days=31), granted=10, active=10)
    balances = msgspec.structs.replace(account.balances, active=60, program=-60)
    account = msgspec.structs.replace(account, lots={**account.lots, "gift.x": other}, balances=balances)
    first = command(Due("expiry_warning", EXPIRY - timedelta(days=45)), EXPIRY - timedelta(days=45), "T1")
    account, _ = apply(account, first, policy)
    both = EXPIRY - timedelta(days=14)
    assert next_due(account, policy) == Due("expiry_warning", both)
    account, effects = apply(account, command(Due("expiry_warning", both), both, "T2"), policy)
    assert [(effect.data.days, effect.data.points) for effect in effects] == [(45, 10), (14, 50)]


# ---- blocked lots ----------------------------------------------------------------------------------------------------


def test_blocked_points_are_neither_spent_nor_lost_until_unblocked() -> None:
    account, published = fold([f.visit(day(2)), block(day(3))])
    assert (account.balances.blocked, account.balances.active) == (50, 0)
    assert account.lots["visit.2028-03"].state == "BLOCKED"
    assert refusal(account, hold(1, day(4))).code == "insufficient_points"
    assert next_due(account, POLICY) is None
    account, more = fold([unblock(day(5))], account)
    assert (account.balances.blocked, account.balances.active) == (0, 50)
    check_ledger(account, published + more)


def test_points_unblocked_after_their_end_expire() -> None:
    account, _ = fold([f.visit(day(2)), block(day(3)), unblock(EXPIRY)])
    assert (account.balances.blocked, account.balances.active, account.balances.breakage) == (0, 0, 50)


def test_what_cannot_be_blocked_is_refused() -> None:
    account, _ = fold([f.visit(day(2)), block(day(3))])
    for wrong in (block(day(4)), unblock(day(4), "visit.2099-01"), block(day(4), "no-such")):
        assert refusal(account, wrong).code == "unknown_lot"


def test_a_cancellation_takes_blocked_points_before_it_makes_debt() -> None:
    """1,000 active, 300 spent, 700 blocked; all is cancelled: 300 are owed, nothing stays blocked."""
    lot = "deal.2028-03"
    account, published = fold([*FULL, hold(300, day(1)), capture(day(1)), block(day(2), lot)])
    account, more = fold([f.cancelled(day(3), amount="1000000.00")], account)
    assert (account.balances.blocked, account.owed, account.balances.reversed) == (0, 300, 1000)
    check_ledger(account, published + more)


# ---- states of lots --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantities", "state"),
    [
        ({"pending": 1}, "PENDING"),
        ({"active": 1, "blocked": 1}, "ACTIVE"),
        ({"held": 1}, "ACTIVE"),
        ({"blocked": 1}, "BLOCKED"),
        ({"spent": 1, "reversed": 1}, "DEPLETED"),
        ({"expired": 1, "spent": 1}, "EXPIRED"),
        ({"reversed": 1}, "CANCELLED"),
        ({"reversed": 1, "expires_at": EXPIRY}, "REVERSED"),
        ({"transferred": 1}, "DEPLETED"),
    ],
)
def test_the_state_of_a_lot(quantities: dict, state: str) -> None:
    assert Lot("deal", **quantities).state == state


# ---- limits, and why -------------------------------------------------------------------------------------------------


def test_an_account_spends_so_many_points_a_day() -> None:
    """A limit of 500: 300 spent and 200 held leave nothing; what is voided or refunded counts no more; tomorrow is new."""
    policy = msgspec.structs.replace(POLICY, most_spent_a_day=500)
    account, _ = fold([*FULL, hold(300, day(1)), capture(day(1)), hold(200, day(1), "H2")], policy=policy)
    with pytest.raises(Exception) as caught:
        apply(account, hold(1, day(1), "H3"), policy)
    assert caught.value.code == "daily_limit"
    account, _ = fold([void(day(1), "H2"), hold(200, day(1), "H4"), void(day(1), "H4")], account, policy)
    account, _ = fold([hold(500, day(2, 0.1), "H5")], account, policy)
    assert account.balances.held == 500


def test_a_fact_is_asked_what_it_moved() -> None:
    _, published = fold([f.visit(day(2)), *FULL])
    paid = movements_of(published, "/test", "D1-paid-1")
    assert [(reason.why, reason.points) for reason in paid] == [("payment_received", 1000)]
    assert movements_of(published, "/other", "D1-paid-1") == []


def test_a_warning_names_its_lots() -> None:
    account, _ = fold([f.visit(day(2))])
    _, effects = fire_until(account, "expiry_warning")
    (warning,) = [effect.data for effect in effects if isinstance(effect.data, PointsExpiring)]
    assert [(part.lot_id, part.points, part.expires_at) for part in warning.lots] == [("visit.2028-03", 50, EXPIRY)]
