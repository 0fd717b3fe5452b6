"""Anything in any order, against a model that a person with a pencil could keep (`tests/oracles/points_model.py`).

What a deal entitles to is asked of the other oracle, which computes it from all facts about the deal at once.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from contracts.errors import Refused
from contracts.fact import Fact
from contracts.facts.loyalty import PointsExpired, PointsRefunded
from contracts.facts.referrals import ReferralSettled
from services.loyalty.domain.commands import BlockLot, CaptureHold, HoldPoints, RefundSpend, UnblockLot, VoidHold
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.domain.refunds import refundable_until
from services.loyalty.domain.statement import explain, statement
from services.loyalty.domain.timers import next_due
from tests.oracles import loyalty_oracle
from tests.oracles.points_model import Purse, Split
from tests.unit import facts as f
from tests.unit.loyalty.accounts import POLICY, apply, as_published, check_ledger, command

LIMITED = replace(POLICY, most_spent_a_day=1500)
"""A limit that is met now and then."""


def expired_in(said: list[Fact]) -> int:
    """Points that are said to have expired."""
    return sum(one.data.points for one in said if isinstance(one.data, PointsExpired))


class AccountMachine(RuleBasedStateMachine):
    """Deals are signed, paid and cancelled; friends are referred; points are held, spent, refunded; time passes."""

    @initialize()
    def begin(self) -> None:
        self.account: Account = EMPTY
        self.purse = Purse()
        self.published: list[Fact] = []
        self.fired: set[tuple[str, datetime]] = set()
        self.now = f.START
        self.steps = 0
        self.prices: dict[str, int] = {}
        self.of_deals: dict[str, list] = defaultdict(list)
        self.referrals: dict[str, int] = {}
        self.spent_from: dict[str, dict[str, datetime | None]] = {}

    # ---- telling the account ----------------------------------------------------------------------------------------

    def send(self, each: Fact) -> list[Fact]:
        """Apply a fact; what expired by it is said to the model. Returns what was published."""
        self.account, effects = apply(self.account, each, LIMITED)
        said = [as_published(each, effect) for effect in effects]
        self.published += said
        return said

    def send_and_expire(self, each: Fact) -> list[Fact]:
        """The same for a fact that may return points to a lot whose time is over, after the model has heard of it."""
        said = self.send(each)
        self.purse.expire(expired_in(said))
        return said

    def name(self, prefix: str) -> str:
        self.steps += 1
        return f"{prefix}{self.steps:04}"

    def split(self) -> Split:
        """What the account says a member has."""
        own = self.account.balances
        return Split(own.active, own.held, own.blocked, self.account.owed)

    @property
    def today(self) -> str:
        """The day in Shanghai."""
        return f"{self.now.astimezone(loyalty_oracle.ZONE):%F}"

    # ---- earning ----------------------------------------------------------------------------------------------------

    @rule()
    def visit(self) -> None:
        self.send(f.visit(self.now, self.name("V"), project_id=self.name("P")))
        self.purse.earn(50)

    def about_deal(self, deal: str, each: Fact) -> None:
        """A fact about a deal: the model gains or loses what the deal is worth more or less."""
        before = self.worth_of(deal)
        self.of_deals[deal].append(f.as_event(each))
        self.change(self.worth_of(deal) - before, self.send(each))

    def worth_of(self, deal: str) -> int:
        """Active points a deal entitles to, by plain arithmetic over its facts."""
        return loyalty_oracle.deal_points(self.of_deals[deal])[1]

    def change(self, points: int, said: list[Fact]) -> None:
        """So many points more, or less, are deserved, and this was said to it."""
        if points >= 0:
            self.purse.earn(points)
            return
        self.purse.lose(-points, self.split(), expired_in(said))
        self.purse.holds = {name: hold.points for name, hold in self.account.holds.items()}
        self.purse.blocked = {name: lot.blocked for name, lot in self.account.lots.items() if lot.blocked}

    @rule(thousands=st.integers(1, 3000))
    def sign(self, thousands: int) -> None:
        deal = self.name("D")
        self.prices[deal] = thousands
        self.about_deal(deal, f.signed(self.now, deal, f"{thousands}000.00"))

    @precondition(lambda self: self.prices)
    @rule(data=st.data(), percent=st.integers(1, 120))
    def pay(self, data: st.DataObject, percent: int) -> None:
        deal = data.draw(st.sampled_from(sorted(self.prices)))
        amount = f"{self.prices[deal] * percent * 10}.00"
        self.about_deal(deal, f.paid(self.now, deal, amount, payment_id=self.name("PAY")))

    @precondition(lambda self: self.prices)
    @rule(data=st.data(), percent=st.integers(1, 100))
    def cancel(self, data: st.DataObject, percent: int) -> None:
        deal = data.draw(st.sampled_from(sorted(self.prices)))
        amount = f"{self.prices[deal] * percent * 10}.00"
        self.about_deal(deal, f.cancelled(self.now, deal, amount, number=self.name("C")))

    @rule(friend=st.sampled_from(("F1", "F2")), points=st.integers(-2000, 3000))
    def referral(self, friend: str, points: int) -> None:
        before = max(0, self.referrals.get(friend, 0))
        self.referrals[friend] = self.referrals.get(friend, 0) + points
        said = self.send(f.fact(ReferralSettled(friend, points, "D"), self.now, self.name("R")))
        self.change(max(0, self.referrals[friend]) - before, said)

    # ---- spending ---------------------------------------------------------------------------------------------------

    @rule(points=st.integers(1, 2000))
    def hold(self, points: int) -> None:
        hold, allowed = (
            self.name("H"),
            self.purse.may_hold(points, LIMITED.most_open_holds, self.today, LIMITED.most_spent_a_day),
        )
        try:
            self.send(command(HoldPoints(points), self.now, hold))
        except Refused:
            assert not allowed
        else:
            assert allowed
            self.purse.hold(hold, points)

    @precondition(lambda self: self.account.holds)
    @rule(data=st.data(), over=st.integers(1, 5))
    def capture(self, data: st.DataObject, over: int) -> None:
        hold = data.draw(st.sampled_from(sorted(self.purse.holds)))
        whole = self.purse.holds[hold]
        assert self.refused(command(CaptureHold(hold, whole + over), self.now, self.name("X"))) == "capture_over_hold"
        points = data.draw(st.integers(1, whole))
        self.spent_from[hold] = {lot: self.account.lots[lot].expires_at for lot in self.account.holds[hold].parts}
        self.purse.capture(hold, points, self.today)
        self.send_and_expire(command(CaptureHold(hold, points), self.now, self.name("X")))

    @precondition(lambda self: self.account.holds)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        hold = data.draw(st.sampled_from(sorted(self.purse.holds)))
        self.purse.void(hold)
        self.send_and_expire(command(VoidHold(hold), self.now, self.name("X")))

    @precondition(lambda self: self.account.spends)
    @rule(data=st.data(), over=st.integers(1, 5))
    def refund(self, data: st.DataObject, over: int) -> None:
        spend = data.draw(st.sampled_from(sorted(self.account.spends)))
        left = self.purse.spends[spend].points
        if refundable_until(self.account.spends[spend], LIMITED) <= self.now:
            assert self.refused(command(RefundSpend(spend), self.now, self.name("X"))) == "unknown_spend"
            return
        assert self.refused(command(RefundSpend(spend, left + over), self.now, self.name("X"))) == "refund_over_spend"
        points = data.draw(st.integers(1, left))
        self.purse.refund(spend, points)
        said = self.send_and_expire(command(RefundSpend(spend, points), self.now, self.name("X")))
        (refunded,) = [one.data for one in said if isinstance(one.data, PointsRefunded)]
        assert all(self.spent_from[spend][part.lot_id] == part.expires_at for part in refunded.lots)

    @precondition(lambda self: self.account.lots)
    @rule(data=st.data())
    def block(self, data: st.DataObject) -> None:
        lot = data.draw(st.sampled_from(sorted(self.account.lots)))
        active, blocking = self.account.lots[lot].active, command(BlockLot(lot, "fraud"), self.now, self.name("B"))
        if not active:
            assert self.refused(blocking) == "unknown_lot"
            return
        self.send(blocking)
        self.purse.block(lot, active)

    @precondition(lambda self: self.purse.blocked)
    @rule(data=st.data())
    def unblock(self, data: st.DataObject) -> None:
        lot = data.draw(st.sampled_from(sorted(self.purse.blocked)))
        self.purse.unblock(lot)
        self.send_and_expire(command(UnblockLot(lot), self.now, self.name("B")))

    def refused(self, each: Fact) -> str:
        """The code with which the account refuses a command, unchanged."""
        before = self.account
        try:
            self.send(each)
        except Refused as refusal:
            assert self.account == before
            return refusal.code
        raise AssertionError("it was not refused")

    # ---- time -------------------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from((0.005, 1, 31, 400)))
    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)
        while (due := next_due(self.account, LIMITED)) and due.due_at <= self.now:
            assert (due.kind, due.due_at) not in self.fired, "a timer fires once: this one would hang"
            self.fired.add((due.kind, due.due_at))
            before = self.account
            holds = [hold for hold, found in before.holds.items() if found.until <= due.due_at]
            for hold in holds if due.kind == "hold_timeout" else ():
                self.purse.void(hold)
            self.send_and_expire(command(due, due.due_at, self.name("T")))
            assert self.account != before, "a timer that changes nothing would fire for ever"

    # ---- always -----------------------------------------------------------------------------------------------------

    @invariant()
    def account_and_model_agree(self) -> None:
        if not hasattr(self, "account"):
            return
        assert self.split() == self.purse.split
        balances = self.account.balances
        assert (balances.redeemed, balances.breakage) == (self.purse.redeemed, self.purse.expired)
        assert balances.pending == sum(loyalty_oracle.deal_points(facts)[0] for facts in self.of_deals.values())
        assert {name: hold.points for name, hold in self.account.holds.items()} == self.purse.holds
        assert {name: lot.blocked for name, lot in self.account.lots.items() if lot.blocked} == self.purse.blocked
        assert all(self.purse.spends[name].points == spend.points for name, spend in self.account.spends.items())

    @invariant()
    def the_published_ledger_says_the_same(self) -> None:
        if not hasattr(self, "account"):
            return
        check_ledger(self.account, self.published)
        balances = self.account.balances
        lines, reasons = statement(self.published), explain(self.published, "active")
        assert sum(reason.points for reason in reasons) == balances.active
        assert not lines or lines[-1].balances == balances


AccountMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestAccountMachine = AccountMachine.TestCase
