"""Commands go with their tickets: what was answered while two customers were one person stays answered when they are two."""

import random
from typing import Any

from contracts.fact import Fact
from contracts.facts.identity import CustomerMerged, CustomerUnmerged
from tests.unit.facts import day, fact
from tests.unit.merging import World
from tests.unit.service_tickets.files import complaint, resolve, respond, ticket_id
from tests.unit.test_merging import SERVICES, with_subject

OLD, NEW = "a", "b"


def turn(data: Any, name: str) -> Fact:
    return fact(data, day(3), name, subject=NEW, source="/hearth/profile")


MERGED = turn(CustomerMerged("m1", NEW, OLD, 1), "m1")
UNMERGED = turn(CustomerUnmerged("m1", NEW, OLD), "u1")
AGAIN = turn(CustomerMerged("m2", NEW, OLD, 2), "m2")


def world() -> World:
    """The complaint of one customer, who is merged into another; it is answered there."""
    made = next(each for each in SERVICES if each.name == "service_tickets").world()
    dice = random.Random(1)
    made.play([with_subject(complaint(day(1)), NEW), MERGED], dice)
    made.fold(with_subject(respond(day(1, 20)), OLD))
    return made


def test_an_answer_given_while_they_were_one_stays_given() -> None:
    one = world()
    assert one.state(OLD).tickets[ticket_id()].state == "IN_PROGRESS"
    one.play([UNMERGED], random.Random(2))
    assert one.state(OLD).tickets == {}
    assert one.state(NEW).tickets[ticket_id()].state == "IN_PROGRESS"


def test_and_is_given_once_when_they_are_one_again() -> None:
    one = world()
    one.play([UNMERGED], random.Random(2))
    one.fold(with_subject(resolve(day(2)), NEW))
    one.play([AGAIN], random.Random(3))
    assert one.state(NEW).tickets == {}
    ticket = one.state(OLD).tickets[ticket_id()]
    assert (ticket.state, ticket.first_response.met_at) == ("RESOLVED", day(1, 20))


def test_what_concerns_only_the_survivor_stays() -> None:
    one = world()
    mine = complaint(day(1, 10), "X9")
    one.fold(with_subject(mine, OLD))
    one.fold(with_subject(respond(day(2), "X9", "c9"), OLD))
    one.play([UNMERGED], random.Random(2))
    assert one.state(OLD).tickets[ticket_id("X9")].state == "IN_PROGRESS"
    assert ticket_id("X9") not in one.state(NEW).tickets
