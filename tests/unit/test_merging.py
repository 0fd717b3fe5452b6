"""Merging, for every service: whatever the order of facts, merges and their ends, each person is the fold of its facts."""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.fold.merging import leaving_out_refusals
from chassis.fold.model import Kind
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion, no_policy
from contracts.fact import Fact
from contracts.language import Language
from services.leads.store.book import BOOK as BOOK_KIND
from services.leads.worker.table import RULES as LEADS
from services.loyalty.domain.commands import COMMANDS as LOYALTY_COMMANDS
from services.loyalty.domain.model import TIERS
from services.loyalty.domain.statement import reconcile
from services.loyalty.store.account import account_kind
from services.loyalty.worker.table import RULES as LOYALTY
from services.profile.store.customer import CUSTOMER as CUSTOMER_KIND
from services.profile.worker.table import RULES as PROFILE
from services.service_tickets.domain.commands import COMMANDS as TICKET_COMMANDS
from services.service_tickets.store.file import FILE
from services.service_tickets.worker.table import RULES as TICKETS
from tests.unit.leads.test_properties import histories as of_leads
from tests.unit.loyalty.accounts import POLICY
from tests.unit.merging import Turns, World
from tests.unit.profile.test_customer import POLICY as PROFILE_POLICY
from tests.unit.service_tickets.files import POLICY as TICKET_POLICY
from tests.unit.service_tickets.test_properties import stories as of_tickets
from tests.unit.strategies import histories

ENTITIES = "abcd"


class Service(NamedTuple):
    """A service under test; `seen` is the part of a state that must not depend on the order of facts."""

    name: str
    rules: Any
    kind: Kind
    commands: Any
    policies: PolicyBook
    seen: Callable[[Any], Any]
    histories: st.SearchStrategy[list[Fact]]

    def world(self) -> World:
        """A new one."""
        return World(self.rules, self.kind, Language(f"/hearth/{self.name}", self.commands), self.policies)


def member(account: Any) -> Any:
    """What the customer sees of an account; gross flows and lots depend on the order of price changes, and so does a tier that
    is kept for a while: whether it was ever reached. It is never less than what qualifies now.
    """
    own = account.balances
    kept = TIERS.index(account.tier) >= TIERS.index(POLICY.tier_for(account.qualifying_points))
    return own.pending, own.active, own.held, own.debt, account.qualifying_points, kept


def whole(state: Any) -> Any:
    """All of a state."""
    return state


PROFILE_BOOK = PolicyBook([PolicyVersion(1, BEGINNING, PROFILE_POLICY)])
TICKET_BOOK = PolicyBook([PolicyVersion(1, BEGINNING, TICKET_POLICY)])
BOOK = PolicyBook([PolicyVersion(1, BEGINNING, POLICY)])
SERVICES = (
    Service("loyalty", LOYALTY, account_kind(BOOK), LOYALTY_COMMANDS, BOOK, member, histories()),
    Service("profile", PROFILE, CUSTOMER_KIND, (), PROFILE_BOOK, whole, histories()),
    Service("leads", LEADS, BOOK_KIND, (), no_policy(), whole, of_leads().map(lambda both: both[0])),
    Service(
        "service_tickets", TICKETS, FILE, TICKET_COMMANDS, TICKET_BOOK, whole, of_tickets().map(lambda all_: all_[0])
    ),
)


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
@settings(max_examples=60, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_every_person_is_the_fold_of_its_facts(service: Service, data: st.DataObject, dice: random.Random) -> None:
    history = data.draw(service.histories)
    facts = [with_subject(each, dice.choice(ENTITIES)) for each in history]
    turns = Turns(ENTITIES)
    for number in range(dice.randrange(8)):
        turns.merge(f"m{number}", dice) if dice.random() < 0.6 else turns.unmerge(dice)
    world = service.world()
    world.play([*facts, *turns.facts], dice)
    for entity in ENTITIES:
        if entity in turns.into:
            assert world.state(entity) == service.kind.empty(entity)
        else:
            mine = [each for each in facts if turns.root(each.subject) == entity]
            assert service.seen(world.state(entity)) == service.seen(fold(service, entity, mine))


def fold(service: Service, entity: str, facts: list[Fact]) -> Any:
    """The facts of one person by time."""
    kind = service.kind

    def apply(state: Any, each: Any) -> Any:
        return service.rules[each.type].apply(state, each, each.recorded_at, service.policies.at(each.time)[1])[0]

    ordered = sorted(facts, key=lambda each: (each.time, each.source, each.id))
    return leaving_out_refusals(kind.empty(entity), ordered, apply)


def with_subject(each: Fact, subject: str) -> Fact:
    """The same fact of another customer."""
    return msgspec.structs.replace(each, subject=subject)


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_every_account_says_what_it_holds_after_merges_too(history: list[Fact], dice: random.Random) -> None:
    facts = [with_subject(each, dice.choice(ENTITIES)) for each in history]
    turns = Turns(ENTITIES)
    for number in range(dice.randrange(1, 6)):
        turns.merge(f"m{number}", dice) if dice.random() < 0.7 else turns.unmerge(dice)
    world = SERVICES[0].world()
    world.play([*facts, *turns.facts], dice)
    for entity in ENTITIES:
        heard = [world.language.heard(out) for out in world.said.get(entity, [])]
        assert reconcile(world.state(entity), heard) == []
