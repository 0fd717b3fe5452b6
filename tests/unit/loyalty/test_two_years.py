"""Two years of a company: in order, shuffled within each week, with 5 % duplicates, the ledgers are the same, and equal to
a calculation written apart from the rules (`tests/oracles/two_years.py`).
"""

import random
from collections import Counter
from itertools import groupby
from typing import Any

import msgspec
import pytest

from contracts.fact import Fact
from services.loyalty.domain.audit import examine
from services.loyalty.domain.commands import CaptureHold, HoldPoints, RefundSpend
from services.loyalty.domain.model import Account
from tests.oracles import two_years
from tests.oracles.two_years import ALL_WEEKS, Company, end_of, story, week_of
from tests.unit.loyalty.accounts import check
from tests.unit.loyalty.service import Service, as_fact


def command(event: two_years.Event, data: Any, name: str) -> Fact:
    time = event["time"].astimezone(two_years.BEGIN.tzinfo)
    return Fact("/hearth/loyalty", name, data.TYPE, event["subject"], time, time, data)


def tell(customers: int, order: Any) -> tuple[Service, Company, Counter[str]]:
    """The two years week by week: its facts in `order`, what is due, then what people spend and take back."""
    service, company, seen = Service(), Company(), Counter[str]()
    for week, told in groupby(story(customers), week_of):
        events = list(told)
        facts = [event for event in events if event["type"].startswith("crm.")]
        for event in order(facts):
            assert service.fold(as_fact(event))
        company.tell(facts)
        service.fire(end_of(week))
        for event in [event for event in events if not event["type"].startswith("crm.")]:
            seen[carry_out(service, company, event)] += 1
    service.fire(end_of(ALL_WEEKS))
    return service, company, seen


def carry_out(service: Service, company: Company, event: two_years.Event) -> str:
    """A command on both; they must agree whether it can be done."""
    member, name, data, time = company.members[event["subject"]], event["id"], event["data"], event["time"]
    if event["type"] == "spend":
        wanted = member.spend(name, data["points"], time)
        done = service.fold(command(event, HoldPoints(data["points"]), name))
        assert done == wanted
        assert not done or service.fold(command(event, CaptureHold(name), f"C{name}"))
        return "spent" if done else "refused"
    spent = sum(member.spends.get(data["spend"], {}).values())
    points = -(-spent // data["share"])
    if points:
        member.refund(data["spend"], points, time)
        assert service.fold(command(event, RefundSpend(data["spend"], points), name))
    return "refunded" if points else "nothing to refund"


def in_order(facts: list[Any]) -> list[Any]:
    return facts


def shuffled(facts: list[Any]) -> list[Any]:
    return random.Random(7).sample(facts, len(facts))


def with_duplicates(facts: list[Any]) -> list[Any]:
    dice = random.Random(8)
    return shuffled([*facts, *dice.sample(facts, len(facts) // 20), *facts[:1]])


def ledger(account: Account, owed: bool) -> Any:
    """What must be the same whatever the order: balances, and what is in which lot. Not the lots of who has points of a
    referral: its lot has the month of the fact that made it due (ADR 4), and that may be either of two of one week. Of who
    ever `owed` points, what is left when the debt is paid: new points repay it, and of one week those that come first.
    """
    if owed:
        own = msgspec.structs.asdict(account.balances)
        return {**own, "active": own["active"] + own["debt"], "debt": 0}, account.qualifying_points
    if any(name.startswith("referral.") for name in account.lots):
        return account.balances, account.qualifying_points
    lots = {
        name: (lot.active, lot.held, lot.expires_at) for name, lot in account.lots.items() if lot.active or lot.held
    }
    return account.balances, account.qualifying_points, lots


def prove(customers: int) -> Counter[str]:
    """All three orders; returns how often what was spent, refused, refunded."""
    service, company, seen = tell(customers, in_order)
    end = end_of(ALL_WEEKS)
    totals = Counter[str]()
    for customer, member in company.members.items():
        account = service.account(customer)
        # a member who has no tier to lose is not looked at by himself: months that are over may still stand there
        lasting = sum(points for month, points in account.qualifying.items() if month >= f"{end:%Y-%m}")
        own = {**msgspec.structs.asdict(account.balances), "qualifying": lasting, "debt": account.owed}
        expected = member.total(end)
        assert {name: own[name] for name in expected} == expected, customer
        check(account)
        heard = [service.language.heard(out) for out in service.said.get(customer, [])]
        assert examine(account, heard).wrong == []
        totals.update(expected)
    for order in (shuffled, with_duplicates):
        other, _, again = tell(customers, order)
        assert again == seen
        owed = ever_owed(service) | ever_owed(other)
        assert len(owed) < customers / 2
        for name in company.members:
            assert ledger(other.account(name), name in owed) == ledger(service.account(name), name in owed), name
    return totals + seen


def ever_owed(service: Service) -> set[str]:
    """The customers of whom a debt was told."""
    types = {name: {service.language.heard(out).type for out in outs} for name, outs in service.said.items()}
    return {name for name, told in types.items() if "crm.debt.opened.v1" in told}


def test_two_years_in_any_order_come_to_what_a_spreadsheet_says() -> None:
    found = prove(150)
    assert (
        min(
            found[name]
            for name in ("active", "pending", "debt", "redeemed", "breakage", "spent", "refused", "refunded")
        )
        > 0
    )


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_two_years_of_twenty_thousand_customers() -> None:
    prove(20_000)
