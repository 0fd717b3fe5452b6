"""A reward's stock, whatever it hears twice or out of order; redemptions explained and examined."""

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.fact import Fact
from contracts.facts.rewards import RewardDelivered, RewardRequested, RewardReturned
from services.loyalty.domain.audit import examine
from services.loyalty.domain.commands import (
    CancelRedemption,
    ChangeStock,
    DeliverRedemption,
    Due,
    FulfilRedemption,
    RefundRedemption,
    RefundSpend,
)
from services.loyalty.domain.marks import MARK_BYTES
from services.loyalty.domain.model import Account, Hold, Redemption
from services.loyalty.domain.redeeming import MOST_REDEMPTIONS
from services.loyalty.domain.redemptions import points_of, steps_of
from services.loyalty.domain.refunds import MOST_SPENDS
from services.loyalty.domain.reward import NO_REWARD, Reward
from services.loyalty.domain.rewards import MOST_ENDED, MOST_OPEN, holds_piece
from services.loyalty.domain.timers import next_due
from services.loyalty.worker.table import RULES
from tests.unit.facts import day, fact
from tests.unit.loyalty.accounts import POLICY
from tests.unit.loyalty.shop import KETTLE, SHE, Shop, ledger, redeem, shop

OFFERED = Reward("Kettle", 300, offered=True, stock=2)


def tell(reward: Reward, *said: Any) -> tuple[Reward, list[str]]:
    """A reward that hears these bodies, each as a fact of its own; and what it answered."""
    answers = []
    for number, data in enumerate(said):
        heard = fact(data, day(1), f"h{number}", subject=KETTLE, source="/hearth/loyalty")
        reward, effects = RULES[data.TYPE].apply(reward, heard, heard.recorded_at, POLICY)
        answers += [each.data.why for each in effects]
    return reward, answers


def ask(name: str = "R1", price: int = 300) -> RewardRequested:
    return RewardRequested(name, SHE, price)


def back(name: str = "R1") -> RewardReturned:
    return RewardReturned(name, SHE)


def counts(reward: Reward) -> tuple[int, int, int]:
    return reward.stock, reward.given, len(reward.open) // MARK_BYTES


def test_a_piece_is_taken_once_and_comes_back_once() -> None:
    reward, answers = tell(OFFERED, ask(), ask())
    assert (counts(reward), answers) == ((1, 1, 1), ["reward_reserved"] * 2)
    reward, _ = tell(reward, back(), back())
    assert counts(reward) == (2, 0, 0)


def test_what_was_given_back_before_it_was_asked_for_takes_nothing() -> None:
    reward, answers = tell(OFFERED, back(), ask(), ask("R2"))
    assert (counts(reward), answers) == ((1, 1, 1), ["redemption_ended", "reward_reserved"])


def test_what_was_delivered_does_not_come_back() -> None:
    reward, _ = tell(OFFERED, ask(), RewardDelivered("R1"), RewardDelivered("R1"), back())
    assert counts(reward) == (1, 1, 0)


SAID = (ask(), ask(), back(), back())


@pytest.mark.parametrize("said", sorted(set(permutations(range(4)))))
def test_in_every_order_the_stock_ends_as_it_began(said: tuple[int, ...]) -> None:
    reward, _ = tell(OFFERED, *(SAID[number] for number in said))
    assert counts(reward) == (2, 0, 0)


HEARD = st.tuples(st.sampled_from("abcdef"), st.sampled_from((ask, back, RewardDelivered)))


@given(st.integers(0, 3), st.lists(HEARD, max_size=40))
def test_stock_and_given_are_what_came(stock: int, heard: list[tuple[str, Any]]) -> None:
    """Whatever is heard, however often: nothing is lost, nothing is made, nothing is below zero."""
    reward, _ = tell(replace(OFFERED, stock=stock), *(make(name) for name, make in heard))
    assert reward.stock + reward.given == stock
    assert 0 <= len(reward.open) // MARK_BYTES <= reward.given <= stock
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reward), type=Reward) == reward


def test_a_reward_stays_small() -> None:
    full = replace(OFFERED, stock=9_999, open=b"x" * MOST_OPEN * MARK_BYTES, ended=b"y" * MOST_ENDED * MARK_BYTES)
    reward, answers = tell(full, ask(), back("R2"))
    assert answers == ["reward_overrun"]
    assert (len(reward.open), len(reward.ended)) == (len(full.open), len(full.ended))
    assert len(msgspec.msgpack.encode(reward)) < 2**16


def test_a_stock_of_nothing_has_no_stock() -> None:
    assert (NO_REWARD.stock, NO_REWARD.offered, holds_piece(NO_REWARD, "R1")) == (0, False, False)
    _, answers = tell(NO_REWARD, ask())
    assert answers == ["reward_withdrawn"]


def delivered() -> Shop:
    made = shop()
    redeem(made)
    made.deliver()
    made.tell(FulfilRedemption("R1"), SHE, "f", day(2))
    made.tell(DeliverRedemption("R1"), SHE, "d", day(3))
    made.deliver()
    return made


def test_a_redemption_says_how_it_came_to_what_it_is() -> None:
    made = delivered()
    made.tell(RefundRedemption("R1"), SHE, "r", day(4))
    steps = steps_of(ledger(made), "R1")
    assert [(each.state, each.why) for each in steps] == [
        ("HELD", "reward_requested"),
        ("CONFIRMED", "reward_redeemed"),
        ("FULFILLING", "told_by_staff"),
        ("DELIVERED", "told_by_staff"),
        ("REFUNDED", "told_by_staff"),
    ]
    assert [each.cause.id for each in steps[2:]] == ["f", "d", "r"]
    assert {each.policy_version for each in steps} == {POLICY.version}
    moved = points_of(ledger(made), "R1")
    assert [(each.points, each.why) for each in moved] == [
        (300, "reward_requested"),
        (300, "reward_redeemed"),
        (300, "spend_refunded"),
    ]
    assert all(sum(part.points for part in each.lots) == 300 for each in moved)
    assert steps_of(ledger(made), "R9") == points_of(ledger(made), "R9") == []


def test_a_refusal_says_why_and_what_came_back() -> None:
    made = shop(stock=0)
    redeem(made)
    made.deliver()
    last, back = steps_of(ledger(made), "R1")[-1], points_of(ledger(made), "R1")[-1]
    assert (last.state, last.why, last.cause.type) == ("RELEASED", "reward_sold_out", "crm.reward.answered.v1")
    assert (back.points, back.why, back.rule) == (300, "reward_sold_out", "settle_redemption")


def test_the_spend_of_a_redemption_is_taken_back_with_it_only() -> None:
    made = delivered()
    assert made.tell(RefundSpend("R1"), SHE, "x", day(4)) == "unknown_spend"
    assert made.tell(RefundRedemption("R1"), SHE, "r", day(4)) == ""


def test_after_the_time_for_refunds_nothing_comes_back() -> None:
    made = delivered()
    assert made.tell(RefundRedemption("R1"), SHE, "r", day(3 + POLICY.refund_days)) == "unknown_spend"
    assert made.state(SHE).redemptions["R1"].state == "DELIVERED"


def test_what_was_never_delivered_can_be_cancelled_however_late() -> None:
    """Also when as many spends as an account remembers came after it."""
    made = shop(stock=200, price=1)
    redeem(made, price=1)
    made.deliver()
    for number in range(MOST_SPENDS + 5):
        assert redeem(made, f"S{number}", price=1, now=day(60, number / 100)) == ""
        made.deliver()
        assert made.tell(DeliverRedemption(f"S{number}"), SHE, f"d{number}", day(60, number / 100)) == ""
    assert len(made.state(SHE).spends) == MOST_SPENDS + 2, "this one, and the last while it went on"
    late = day(70 + POLICY.refund_days)
    assert made.tell(CancelRedemption("R1"), SHE, "c", late) == ""
    made.deliver()
    assert made.state(SHE).redemptions["R1"].state == "CANCELLED"
    assert wrong(made, made.state(SHE)) == []


def test_a_piece_that_is_back_is_not_paid_for() -> None:
    """Between a merge and its end another account may have given it up."""
    made = shop()
    redeem(made)
    made.deliver()
    made.fold(fact(back(), day(2), "elsewhere", subject=KETTLE, source="/hearth/loyalty"))
    made.deliver()
    assert (made.state(SHE).redemptions["R1"].state, made.state(SHE).balances.active) == ("CANCELLED", 1000)
    assert (counts(made.state(KETTLE)), steps_of(ledger(made), "R1")[-1].why) == ((2, 0, 0), "redemption_ended")
    assert wrong(made, made.state(SHE)) == []


def test_a_piece_that_is_back_and_yet_was_handed_out_is_gone() -> None:
    reward, _ = tell(OFFERED, ask(), back(), RewardDelivered("R1"), RewardDelivered("R1"))
    assert counts(reward) == (1, 1, 0)


def test_of_what_is_over_the_newest_are_remembered() -> None:
    """So many that go on, so many that do not, and the account stays small."""
    made = shop(stock=1000, price=1)
    for number in range(3 * MOST_REDEMPTIONS):
        assert redeem(made, f"R{number:03}", price=1, now=day(1, number / 100)) == ""
        made.deliver()
        made.tell(CancelRedemption(f"R{number:03}"), SHE, f"c{number}", day(1, number / 100))
    made.deliver()
    known = made.state(SHE).redemptions
    assert len(known) == MOST_REDEMPTIONS + 1
    assert min(known) == f"R{2 * MOST_REDEMPTIONS - 1:03}"
    assert (made.state(KETTLE).stock, made.state(KETTLE).given) == (1000, 0)


def wrong(made: Shop, account: Account, facts: list[Fact] | None = None) -> list[str]:
    return list(examine(account, ledger(made) if facts is None else facts, {KETTLE: made.state(KETTLE)}).wrong)


def test_right_redemptions_are_right_at_every_step() -> None:
    made = shop()
    redeem(made)
    assert wrong(made, made.state(SHE)) == []
    made.deliver()
    assert wrong(made, made.state(SHE)) == []
    made.tell(CancelRedemption("R1"), SHE, "c", day(2))
    assert wrong(made, made.state(SHE)) == []
    redeem(made, "R2")
    due = next_due(made.state(SHE), POLICY)
    assert due is not None and made.tell(Due("hold_timeout", due.due_at), SHE, "due", due.due_at) == ""
    assert made.state(SHE).redemptions["R2"].state == "RELEASED"
    assert wrong(made, made.state(SHE)) == []


def test_what_does_not_fit_is_named() -> None:
    made = shop()
    redeem(made)
    made.deliver()
    own = made.state(SHE)
    stolen = replace(made.state(KETTLE), open=b"")
    assert list(examine(own, ledger(made), {KETTLE: stolen}).wrong) == [
        "redemption R1 is CONFIRMED and has no piece of its reward"
    ]
    ended = replace(own, redemptions={"R1": replace(own.redemptions["R1"], state="CANCELLED")})
    assert wrong(made, ended) == [
        "redemption R1 is CANCELLED, and the ledger says that 300 were spent",
        "redemption R1 is CANCELLED and has another spend",
    ]
    held = replace(own, redemptions={**own.redemptions, "R2": Redemption(KETTLE, 5, "HELD", day(1), SHE)})
    assert wrong(made, held) == ["redemption R2 is HELD and has no hold"]
    stray = replace(own, holds={"R3": Hold(day(9), {}, reward=KETTLE)})
    assert wrong(made, stray) == ["hold R3 is of no redemption that is HELD"]


def test_stock_comes_and_goes() -> None:
    made = shop(stock=2)
    assert made.tell(ChangeStock(3), KETTLE, "more") == ""
    assert made.tell(ChangeStock(-5), KETTLE, "all") == ""
    assert made.tell(ChangeStock(-1), KETTLE, "one") == "insufficient_stock"
    assert made.state(KETTLE).stock == 0
