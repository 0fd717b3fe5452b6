"""Holds, captures, debt, expiry and tiers, worked by hand."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.errors import Refused
from contracts.facts.loyalty import (
    DebtOpened,
    DebtRepaid,
    LoyaltyTierChanged,
    PointsExpired,
    PointsRefunded,
    PointsWrittenOff,
)
from services.loyalty.domain import errors
from services.loyalty.domain.commands import CaptureHold, Due, HoldPoints, VoidHold
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.domain.timers import next_due
from tests.unit import facts as f
from tests.unit.facts import day
from tests.unit.loyalty.accounts import POLICY, apply, check_ledger, command, fold

FULL = [f.signed(day(0), price="1000000.00"), f.paid(day(0), amount="1000000.00")]


def hold(points: int, now: datetime, hold_id: str = "H1"):
    return command(HoldPoints(points), now, hold_id)


def capture(now: datetime, hold_id: str = "H1"):
    return command(CaptureHold(hold_id), now, f"capture-{hold_id}")


def void(now: datetime, hold_id: str = "H1"):
    return command(VoidHold(hold_id), now, f"void-{hold_id}")


def fire(account: Account):
    """The next thing due on an account, fired when it is due."""
    due = next_due(account, POLICY)
    assert due is not None
    return apply(account, command(due, due.due_at, f"{due.kind}-{due.due_at}"))


def fire_until(account: Account, kind: str):
    """What is due, fired one after the other, up to the first of a kind; what the last one said."""
    while (due := next_due(account, POLICY)) and due.kind != kind:
        account, _ = fire(account)
    return fire(account)


def refusal(account: Account, each) -> Refused:
    with pytest.raises(Refused) as caught:
        apply(account, each)
    return caught.value


def test_a_captured_hold_is_spent() -> None:
    """1,000 active, 300 held and captured."""
    account, published = fold([*FULL, hold(300, day(1)), capture(day(1))])
    assert (account.balances.active, account.balances.held, account.balances.redeemed) == (700, 0, 300)
    check_ledger(account, published)


def test_a_hold_times_out_after_fifteen_minutes() -> None:
    """It is due then, and not captured from then on."""
    account, _ = fold([*FULL, hold(300, day(1))])
    assert next_due(account, POLICY) == Due("hold_timeout", day(1) + timedelta(minutes=15))
    assert isinstance(refusal(account, capture(day(1) + timedelta(minutes=15))), errors.UnknownHold)
    account, effects = fire(account)
    assert [type(effect.data) for effect in effects] == [PointsRefunded]
    assert (account.balances.active, account.balances.held) == (1000, 0)


def test_a_voided_hold_gives_back_and_is_gone() -> None:
    """Twice is refused."""
    account, _ = fold([*FULL, hold(300, day(1)), void(day(1))])
    assert account.balances.active == 1000
    assert isinstance(refusal(account, void(day(1))), errors.UnknownHold)


def test_what_expires_first_is_spent_first() -> None:
    """Of 50 points until March 2028 and 50 until April 2028, 60 take all of March's."""
    account, _ = fold([f.visit(day(40), "V2"), f.visit(day(2), "V1"), hold(60, day(41))])
    assert account.holds["H1"].parts == {"visit.2028-03": 50, "visit.2028-04": 10}


def test_more_than_there_is_is_refused_with_a_code() -> None:
    """Pending points do not count."""
    account, _ = fold([f.signed(day(0))])
    refused = refusal(account, hold(1, day(1)))
    assert (refused.code, refused.pointer) == ("insufficient_points", "/points")


def test_a_cancelled_deal_voids_holds_and_makes_debt_of_what_is_spent() -> None:
    """1,000 released, 300 spent, 700 held: all is cancelled, 300 are owed."""
    account, published = fold([*FULL, hold(300, day(1)), capture(day(1)), hold(700, day(1), "H2")])
    account, more = fold([f.cancelled(day(1), amount="1000000.00")], account)
    assert msgspec.structs.astuple(account.balances) == (-1000, 0, 0, 0, -300, 300, 0, 1000, 0, 0, 0)
    assert account.holds == {}
    assert isinstance(refusal(account, hold(1, day(2))), errors.DebtOutstanding)
    check_ledger(account, published + more)


def test_new_points_repay_debt_first() -> None:
    """Of 320 owed, a visit repays 50, and nothing can be spent before all is repaid."""
    account, _ = fold([*FULL, hold(320, day(1)), capture(day(1)), f.cancelled(day(1), amount="1000000.00")])
    account, effects = apply(account, f.visit(day(2)))
    assert [effect.data.points for effect in effects if isinstance(effect.data, DebtRepaid)] == [50]
    assert (account.owed, account.balances.active) == (270, 0)
    account, _ = fold([f.signed(day(3), "D2", "300000.00"), f.paid(day(3), "D2", "300000.00")], account)
    assert (account.owed, account.balances.active) == (0, 30)


def test_spent_points_become_debt_only_once() -> None:
    """Two deals of 100 share a lot; 100 are spent and 100 expire: 100 are owed once, though both deals fall away."""
    deals = [f.signed(day(0), name, "100000.00") for name in ("D1", "D2")]
    paid = [f.paid(day(0), name, "100000.00") for name in ("D1", "D2")]
    account, _ = fold([*deals, *paid, hold(100, day(1)), capture(day(1))])
    account, _ = fire_until(account, "lot_expiry")
    account, published = fold([f.cancelled(day(800), name, "100000.00") for name in ("D1", "D2")], account)
    assert (account.owed, account.balances.breakage, account.balances.active) == (100, 100, 0)
    assert len([each for each in published if isinstance(each.data, DebtOpened)]) == 1


def test_nothing_is_spent_in_debt_though_other_points_are_active() -> None:
    """10 are owed and 50 of a visit active: not even 20 can be held."""
    account, _ = fold([*FULL, hold(10, day(1)), capture(day(1)), f.visit(day(40))])
    account, _ = fold([f.cancelled(day(41), amount="1000000.00")], account)
    assert (account.owed, account.balances.active) == (10, 50)
    assert refusal(account, hold(20, day(42))).code == "debt_outstanding"


@pytest.mark.parametrize(
    ("shortfall", "limit", "owed", "active"),
    [("debt", 500, 300, 50), ("other_lots", 500, 250, 0), ("write_off", 500, 0, 50), ("write_off", 200, 100, 50)],
)
def test_the_policy_says_what_happens_to_a_shortfall(shortfall: str, limit: int, owed: int, active: int) -> None:
    """300 spent and cancelled, 50 of a later visit at hand."""
    policy = msgspec.structs.replace(POLICY, shortfall=shortfall, write_off_limit=limit)
    story = [*FULL, hold(300, day(1)), capture(day(1)), f.visit(day(40)), f.cancelled(day(41), amount="1000000.00")]
    account, published = fold(story, policy=policy)
    assert (account.owed, account.balances.active) == (owed, active)
    forgiven = sum(each.data.points for each in published if isinstance(each.data, PointsWrittenOff))
    assert forgiven == (300 - owed if shortfall == "write_off" else 0)
    check_ledger(account, published)


def test_points_that_covered_for_others_are_owed_when_their_own_reason_falls_away() -> None:
    """300 of D1 are spent. D1 is cancelled: 700 are there, 200 of D2 cover, 100 are owed. D2 is cancelled, too: it has nothing
    left, and its 200 are owed as well. Nothing was earned in the end, 300 were spent.
    """
    policy = msgspec.structs.replace(POLICY, shortfall="other_lots")
    other = [f.signed(day(40), "D2", "200000.00"), f.paid(day(40), "D2", "200000.00")]
    story = [*FULL, hold(300, day(1)), capture(day(1)), *other, f.cancelled(day(41), amount="1000000.00")]
    account, published = fold(story, policy=policy)
    assert (account.owed, account.balances.active) == (100, 0)
    account, more = fold([f.cancelled(day(42), "D2", "200000.00")], account, policy=policy)
    assert (account.owed, account.balances.active, account.balances.redeemed) == (300, 0, 300)
    check_ledger(account, published + more)


def test_points_expire_at_the_month_end_of_the_project_24_months_on() -> None:
    """Active in March 2026: gone when April 2028 begins in Shanghai."""
    account, _ = fold([f.visit(day(2))])
    account, effects = fire_until(account, "lot_expiry")
    assert effects[0].data.lots[0].expires_at == datetime(2028, 3, 31, 16, tzinfo=UTC)
    assert (account.balances.active, account.balances.breakage, account.lots) == (0, 50, {})
    assert next_due(account, POLICY) is None


def test_points_booked_late_still_last_sixty_days() -> None:
    """A visit of 1997 that arrives today can still be spent."""
    late = msgspec.structs.replace(f.visit(datetime(1997, 1, 5, tzinfo=UTC)), recorded_at=day(0))
    account, _ = fold([late])
    assert list(account.lots) == ["visit.2026-05"]


def test_expired_points_of_a_cancelled_deal_are_not_owed() -> None:
    """They are gone already; only what was spent is owed."""
    account, _ = fold([*FULL, hold(300, day(1)), capture(day(1))])
    account, _ = fire_until(account, "lot_expiry")
    account, _ = fold([f.cancelled(day(800), amount="1000000.00")], account)
    assert (account.owed, account.balances.breakage) == (300, 700)


def test_held_points_expire_only_when_given_back() -> None:
    """A hold over the month end is honoured; its points expire when it is voided."""
    account, _ = fold([f.visit(day(2))])
    expiry = datetime(2028, 3, 31, 16, tzinfo=UTC)
    account, _ = fold([hold(50, expiry - timedelta(minutes=5))], account)
    assert next_due(account, POLICY) == Due("hold_timeout", expiry + timedelta(minutes=10))
    account, effects = fire(account)
    assert [type(effect.data) for effect in effects] == [PointsRefunded, PointsExpired]
    assert account.balances.breakage == 50


def test_expired_points_cannot_be_held_before_the_timer_has_fired() -> None:
    """Expiry does not wait for the timer."""
    account, _ = fold([f.visit(day(2))])
    assert refusal(account, hold(50, datetime(2028, 4, 1, tzinfo=UTC))).code == "insufficient_points"


def test_a_tier_is_kept_in_grace_and_then_lost_one_step_at_a_time() -> None:
    """5,500 points make gold; all lapse; 90 days later silver, 90 days later base."""
    account, _ = fold([f.signed(day(0), price="5500000.00"), f.paid(day(0), amount="5500000.00")])
    assert account.tier == "gold"
    seen = []
    while next_due(account, POLICY):
        account, effects = fire(account)
        seen += [effect.data.after for effect in effects if isinstance(effect.data, LoyaltyTierChanged)]
    assert (seen, account.tier, account.grace_until) == (["silver", "base"], "base", None)


def test_a_tier_is_retained_when_the_points_come_back_in_grace() -> None:
    """Cancelled and signed again: never lost."""
    again = [f.signed(day(30), "D2", "1000000.00"), f.paid(day(30), "D2", "1000000.00")]
    account, _ = fold([*FULL, f.cancelled(day(5), amount="1000000.00")])
    assert account.tier == "silver" and account.grace_until == day(5) + timedelta(days=90)
    account, _ = fold(again, account)
    assert account.tier == "silver" and account.grace_until is None


def test_holds_are_limited() -> None:
    """The account stays small."""
    account, _ = fold([*FULL, *(hold(1, day(1), f"H{number}") for number in range(POLICY.most_open_holds))])
    assert refusal(account, hold(1, day(1), "H-more")).code == "too_many_holds"


def test_nothing_to_do_changes_nothing_and_has_no_due() -> None:
    """A timer that comes too late, or twice, does no harm."""
    assert next_due(EMPTY, POLICY) is None
    assert apply(EMPTY, command(Due("lot_expiry", day(0)), day(0), "due-1")) == (EMPTY, [])
