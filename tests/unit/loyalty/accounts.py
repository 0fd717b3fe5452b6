"""Folding facts into an account, and what must be true of every account at any time."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from contracts.catalog import RULES as CATALOG
from contracts.fact import Effect, Fact
from services.loyalty.domain import model
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.domain.policy import Policy, policy_from
from services.loyalty.domain.statement import SENTENCES, reconcile
from services.loyalty.worker.table import RULES
from tests.unit.facts import fact

POLICY_FILE = Path(__file__).parents[3] / "services" / "loyalty" / "policy" / "loyalty.yaml"
POLICY: Policy = policy_from(yaml.safe_load(POLICY_FILE.read_text("utf-8")))

IN_LOT = ("pending", "active", "held", "spent", "expired", "reversed", "blocked", "transferred")


def apply(account: Account, each: Fact, policy: Policy = POLICY) -> tuple[Account, list[Effect]]:
    """One fact through its rule, with all invariants checked."""
    after, effects = RULES[each.type].apply(account, each, each.recorded_at, policy)
    check(after)
    check_effects(each, effects)
    return after, list(effects)


def fold(facts: Iterable[Fact], account: Account = EMPTY, policy: Policy = POLICY) -> tuple[Account, list[Fact]]:
    """Facts through their rules in the order given; the account, and what it published."""
    published: list[Fact] = []
    for each in facts:
        account, effects = apply(account, each, policy)
        published += [as_published(each, effect) for effect in effects]
    return account, published


def command(data: Any, now: datetime, command_id: str) -> Fact:
    """A command or timer as a fact."""
    return fact(data, now, command_id, source="/hearth/loyalty")


def as_published(cause: Fact, effect: Effect) -> Fact:
    """An effect as loyalty publishes it."""
    name = f"{cause.id}/{effect.name}/{effect.natural}"
    data: Any = effect.data
    return Fact("/hearth/loyalty", name, data.TYPE, cause.subject, cause.time, cause.recorded_at, data)


def check(account: Account) -> None:
    """Lots balance, nothing is negative, the ledger sums to zero, and it survives being stored."""
    for lot in account.lots.values():
        assert lot.granted == sum(getattr(lot, name) for name in IN_LOT), lot
        assert min(getattr(lot, name) for name in IN_LOT) >= 0, lot
        assert -lot.reversed <= lot.charged <= lot.spent + lot.transferred, lot
    balances = account.balances
    assert sum(msgspec.structs.astuple(balances)) == 0
    assert min(balances.pending, balances.active, balances.held, balances.blocked) >= 0
    assert max(balances.debt, balances.program) <= 0
    check_lots_carry_balances(account)
    stored = msgspec.msgpack.encode(account)
    assert msgspec.msgpack.decode(stored, type=model.Account) == account


def check_lots_carry_balances(account: Account) -> None:
    """What the ledger says a member has is in lots, deals and holds, point by point."""
    for name in ("pending", "active", "held", "blocked"):
        assert sum(getattr(lot, name) for lot in account.lots.values()) == getattr(account.balances, name)
    assert sum(deal.pending for deal in account.deals.values()) == account.balances.pending
    assert sum(hold.points for hold in account.holds.values()) == account.balances.held
    assert min((points for hold in account.holds.values() for points in hold.parts.values()), default=1) > 0


def check_effects(cause: Fact, effects: Iterable[Effect]) -> None:
    """Every transaction sums to zero, effects have distinct names, and the catalog allows them."""
    effects = list(effects)
    assert len({(effect.name, effect.natural) for effect in effects}) == len(effects)
    allowed = {name for rule in CATALOG.values() if cause.type in rule.causes for name in rule.emits}
    for effect in effects:
        data: Any = effect.data
        assert data.TYPE in allowed
        assert getattr(data, "why", "deal_signed") in SENTENCES
        entries = getattr(data, "entries", ())
        assert sum(entry.points for entry in entries) == 0
        assert not entries or sum(part.points for part in data.lots) == data.points
        assert msgspec.json.decode(msgspec.json.encode(data), type=type(data)) == data


def check_ledger(account: Account, published: list[Fact]) -> None:
    """The account is what its published ledger says."""
    assert reconcile(account, published) == []
