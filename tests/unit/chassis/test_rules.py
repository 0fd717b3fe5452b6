"""Folding one entity: what rules are given, what ids outgoing facts get, how numbers go on."""

from datetime import timedelta
from typing import Any

from chassis.fold import Head, Key, Rule
from chassis.fold.memory import Memory
from chassis.fold.model import EPOCH_BITS, next_seq
from chassis.fold.rules import Folder, Item
from tests.simulator.script import RULES, START, Effect, Fact, Language, State

ANN = Key("account", "ann")
HEAD = Head(ANN, 4, State(), Memory())


class Numbered:
    """A policy that is another one every minute."""

    def at(self, now: Any) -> tuple[int, str]:
        return now.minute, f"policy of minute {now.minute}"


def fact(name: str, minute: int = 0) -> Item:
    at = START + timedelta(minutes=minute)
    return Item(minute, ANN, Fact("test", name, "add", "ann", START, at))


def test_a_rule_sees_the_time_of_recording_and_the_policy_of_then() -> None:
    seen: list[Any] = []

    def watch(state: State, given: Fact, now: Any, policy: Any) -> tuple[State, list[Effect]]:
        seen.append((given.id, now, policy))
        return state, []

    folder = Folder({"add": Rule("account", lambda given: given.subject, watch)}, Language(), Numbered())
    folded = folder.fold(HEAD, [fact("a", 3), fact("b", 7)], "slot")
    assert seen == [
        ("a", START + timedelta(minutes=3), "policy of minute 3"),
        ("b", START + timedelta(minutes=7), "policy of minute 7"),
    ]
    assert folded.version is not None
    assert [(recorded.id, recorded.policy, recorded.offset) for recorded in folded.version.facts] == [
        ("a", 3, 3),
        ("b", 7, 7),
    ]


def fold(head: Head, *items: Item) -> Any:
    return Folder(RULES, Language(), Numbered()).fold(head, items, "slot")


def test_outgoing_ids_come_from_entity_cause_rule_and_effect_alone() -> None:
    first = fold(HEAD, fact("f1"))
    elsewhere = fold(Head(ANN, 40, State(("x",)), Memory()), fact("f2"), fact("f1", 9))
    ids = [out.id for out in first.version.outs]
    assert len(set(ids)) == 2
    assert [out.id for out in elsewhere.version.outs if out.cause == 1] == ids
    bob = fold(Head(Key("account", "bob"), 4, State(), Memory()), fact("f1"))
    assert not set(ids) & {out.id for out in bob.version.outs}


def test_outgoing_ids_are_the_same_in_every_release() -> None:
    """Written down: a renamed rule or a changed derivation would publish old effects again under new ids."""
    assert [out.id for out in fold(HEAD, fact("f1")).version.outs] == [
        "ff257220-6302-51dc-adc3-d46bea40b7f8",
        "4ab68ce5-a94d-5b66-9c47-466df17d0c01",
    ]


def test_one_that_is_refused_changes_nothing_and_the_next_goes_on() -> None:
    needs = Item(1, ANN, Fact("test", "b", "add", "ann", START, START, ("missing",)))
    folded = fold(HEAD, fact("a"), needs, fact("c", 2))
    assert folded.head.state.applied == ("a", "c")
    assert [(item.fact.id, str(error)) for item, error in folded.refused] == [("b", "needs missing")]


def test_nothing_new_makes_no_version() -> None:
    once = fold(HEAD, fact("a"))
    twice = fold(once.head, fact("a"))
    assert twice.version is None
    assert twice.head is once.head
    assert [item.fact.id for item in twice.known] == ["a"]


def test_twice_in_one_batch_is_once_and_other_content_is_a_conflict() -> None:
    other = Item(2, ANN, Fact("test", "a", "add", "ann", START, START, (None, "other")))
    folded = fold(HEAD, fact("a"), fact("a", 1), other)
    assert folded.head.state.applied == ("a",)
    assert [getattr(error, "code", "") for _, error in folded.refused] == ["conflict"]


def test_numbers_go_on_in_a_new_epoch_after_a_restore() -> None:
    assert next_seq(0, 0) == 1
    assert next_seq(7, 0) == 8
    assert next_seq(7, 1) == (1 << EPOCH_BITS) + 1
    assert next_seq((1 << EPOCH_BITS) + 5, 1) == (1 << EPOCH_BITS) + 6
