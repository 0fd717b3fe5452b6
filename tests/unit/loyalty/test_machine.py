"""Anything in any order, against a simple model: one pot of points, no lots, no ledger.

The model does not know what expires; it is told. Everything else it works out by itself.
"""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.errors import Refused
from contracts.fact import Fact
from services.loyalty.domain.commands import CaptureHold, HoldPoints, VoidHold
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.domain.statement import explain, statement
from services.loyalty.domain.timers import next_due
from tests.unit import facts as f
from tests.unit.loyalty.accounts import POLICY, apply, as_published, check_ledger, command


class AccountMachine(RuleBasedStateMachine):
    """Deals are signed, paid and cancelled; points are held, captured, voided; time passes."""

    @initialize()
    def begin(self) -> None:
        self.account: Account = EMPTY
        self.published: list[Fact] = []
        self.now = f.START
        self.steps = 0
        self.spent = 0
        self.granted = 0
        self.prices: dict[str, int] = {}

    def send(self, each: Fact) -> int:
        """Apply a fact; returns how many points were granted by it."""
        before = self.account.balances
        self.account, effects = apply(self.account, each)
        self.published += [as_published(each, effect) for effect in effects]
        self.spent += self.account.balances.redeemed - before.redeemed
        return before.program - self.account.balances.program

    def name(self, prefix: str) -> str:
        self.steps += 1
        return f"{prefix}{self.steps:04}"

    @rule()
    def visit(self) -> None:
        granted = self.send(f.visit(self.now, self.name("V"), project_id=self.name("P")))
        assert granted == 50

    @rule(thousands=st.integers(1, 3000))
    def sign(self, thousands: int) -> None:
        deal = self.name("D")
        self.prices[deal] = thousands
        assert self.send(f.signed(self.now, deal, f"{thousands}000.00")) == thousands

    @precondition(lambda self: self.prices)
    @rule(data=st.data(), percent=st.integers(1, 120))
    def pay(self, data: st.DataObject, percent: int) -> None:
        deal = data.draw(st.sampled_from(sorted(self.prices)))
        amount = f"{self.prices[deal] * percent * 10}.00"
        assert self.send(f.paid(self.now, deal, amount, payment_id=self.name("PAY"))) == 0

    @precondition(lambda self: self.prices)
    @rule(data=st.data(), percent=st.integers(1, 100))
    def cancel(self, data: st.DataObject, percent: int) -> None:
        deal = data.draw(st.sampled_from(sorted(self.prices)))
        amount = f"{self.prices[deal] * percent * 10}.00"
        assert self.send(f.cancelled(self.now, deal, amount, number=self.name("C"))) == 0

    @rule(points=st.integers(1, 2000))
    def hold(self, points: int) -> None:
        before = self.account
        try:
            self.send(command(HoldPoints(points), self.now, self.name("H")))
        except Refused:
            assert before.owed or points > before.balances.active or len(before.holds) == POLICY.most_open_holds
        else:
            assert not before.owed and self.account.balances.held == before.balances.held + points

    @precondition(lambda self: self.account.holds)
    @rule(data=st.data(), capture=st.booleans())
    def close_hold(self, data: st.DataObject, capture: bool) -> None:
        hold = data.draw(st.sampled_from(sorted(self.account.holds)))
        points, active = self.account.holds[hold].points, self.account.balances.active
        if capture:
            spent = self.spent
            self.send(command(CaptureHold(hold), self.now, self.name("X")))
            assert (self.spent - spent, self.account.balances.active) == (points, active)
        else:
            self.send(command(VoidHold(hold), self.now, self.name("X")))
            assert self.account.balances.active == active + points

    @rule(days=st.sampled_from((0.005, 1, 31, 400)))
    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)
        while (due := next_due(self.account, POLICY)) and due.due_at <= self.now:
            before = self.account
            self.send(command(due, due.due_at, self.name("T")))
            assert self.account != before, "a timer that changes nothing would fire for ever"

    @invariant()
    def entitlements_and_balances_agree(self) -> None:
        """What was ever granted is somewhere, and the published ledger says the same."""
        if not hasattr(self, "account"):
            return
        check_ledger(self.account, self.published)
        balances = self.account.balances
        assert balances.redeemed == self.spent
        lines, reasons = statement(self.published), explain(self.published, "active")
        assert sum(reason.points for reason in reasons) == balances.active
        assert not lines or lines[-1].balances == balances


AccountMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestAccountMachine = AccountMachine.TestCase
