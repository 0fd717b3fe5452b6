"""Folding once more: nothing changes while the rules are the same; what a wrong rule made is put right, and told."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.language import Language
from services.loyalty.domain.statement import reconcile
from tests.unit.facts import day
from tests.unit.merging import Turns, World
from tests.unit.test_merging import ENTITIES, SERVICES, Service, with_subject


def told(service: Service, data: st.DataObject, dice: random.Random) -> World:
    """A world after a history with merges and their ends, in any order."""
    facts = [with_subject(each, dice.choice(ENTITIES)) for each in data.draw(service.histories)]
    turns = Turns(ENTITIES)
    for number in range(dice.randrange(6)):
        turns.merge(f"m{number}", dice) if dice.random() < 0.6 else turns.unmerge(dice)
    world = service.world()
    world.play([*facts, *turns.facts], dice)
    return world


def refold(world: World, entity: str, run: str) -> None:
    """What an operator's command does to one entity."""
    assert isinstance(world.language, Language)
    world.fold(world.language.refolding(run, entity, day(9)))


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
@settings(max_examples=40, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_by_the_same_rules_nothing_changes(service: Service, data: st.DataObject, dice: random.Random) -> None:
    world = told(service, data, dice)
    for entity in list(world.heads):
        before, said = world.state(entity), len(world.said.get(entity, []))
        for run in ("r1", "r2"):
            refold(world, entity, run)
            assert world.state(entity) == before
        assert len(world.said.get(entity, [])) == said
        assert not world.box


@settings(max_examples=40, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_what_a_wrong_rule_made_is_put_right_and_told(data: st.DataObject, dice: random.Random) -> None:
    """Accounts: for a while a rule forgot visits. Folded once more they are as if it never had, and so is what was said."""
    service = SERVICES[0]
    visit = "crm.visit.completed.v1"
    right, wrong = service.rules[visit], service.rules[visit]._replace(apply=forgets)
    facts = [with_subject(each, dice.choice(ENTITIES)) for each in data.draw(service.histories)]
    dice.shuffle(facts)
    clean, broken = service.world(), service.world()
    broken.folder.rules = {**service.rules, visit: wrong}
    for each in facts:
        clean.fold(each)
        broken.fold(each)
    broken.folder.rules = {**service.rules, visit: right}
    for entity in list(broken.heads):
        refold(broken, entity, "r1")
        assert broken.state(entity).balances == clean.state(entity).balances
        assert broken.state(entity) == clean.state(entity)
        heard = [broken.language.heard(out) for out in broken.said.get(entity, [])]
        assert reconcile(broken.state(entity), heard) == []


def forgets(state: Any, fact: Any, now: Any, policy: Any) -> Any:
    """A rule with a fault."""
    return state, []


def test_a_run_refolds_once_and_a_merged_entity_stays_empty() -> None:
    service, dice = SERVICES[0], random.Random(1)
    world, turns = service.world(), Turns("ab")
    turns.merge("m", dice)
    world.play(turns.facts, dice)
    for _ in range(2):
        refold(world, "b", "r1")
    assert world.state("b") == service.kind.empty("b")
    assert sum(recorded.type == "hearth.refolded.v1" for recorded in world.chains["b"]) == 1
