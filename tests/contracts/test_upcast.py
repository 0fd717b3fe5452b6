"""Old versions are read for ever: v1 and v2 become v3 by the steps beside them, from JSON and from stored bytes."""

import msgspec
import pytest

from contracts import envelope
from contracts.catalog import TypeEntry, readers_for
from contracts.errors import UnknownVersion
from contracts.facts.base import FactData
from contracts.upcast import Upcast, encode_data, readers_of, stored_data, type_of
from tests.contracts.records import AT, binary, event


class ParkedV1(FactData, frozen=True):
    """A parking place was assigned, by its name."""

    TYPE = "test.parked.v1"
    place: str


class ParkedV2(FactData, frozen=True):
    """By storey and number."""

    TYPE = "test.parked.v2"
    storey: int
    number: str


class ParkedV3(FactData, frozen=True):
    """With the building."""

    TYPE = "test.parked.v3"
    building: str
    storey: int
    number: str


def split_place(old: ParkedV1) -> ParkedV2:
    storey, _, number = old.place.partition("-")
    return ParkedV2(storey=int(storey), number=number)


def add_building(old: ParkedV2) -> ParkedV3:
    return ParkedV3(building="main", storey=old.storey, number=old.number)


STEPS = (Upcast(ParkedV1, split_place), Upcast(ParkedV2, add_building))
READERS = readers_for([TypeEntry(ParkedV3, "test", "test", STEPS)])
NEWEST = ParkedV3(building="main", storey=2, number="117")


@pytest.mark.parametrize("old", [ParkedV1("2-117"), ParkedV2(2, "117"), NEWEST])
def test_every_version_becomes_the_newest(old: FactData) -> None:
    key, value, headers = binary(event() | {"type": old.TYPE}, msgspec.json.encode(old))
    fact = envelope.decode(key, value, headers, AT, readers=READERS)
    assert (fact.type, fact.data) == ("test.parked.v3", NEWEST)
    assert stored_data(old.TYPE, encode_data(old), READERS) == NEWEST


def test_a_version_nobody_wrote_is_unknown() -> None:
    with pytest.raises(UnknownVersion):
        envelope.decode(*binary(event() | {"type": "test.parked.v4"}, b"{}"), AT, readers=READERS)


def test_commands_are_read_by_the_same_means() -> None:
    readers = readers_of(ParkedV1)
    assert stored_data("test.parked.v1", encode_data(ParkedV1("2-117")), readers) == ParkedV1("2-117")


def test_a_struct_without_a_type_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        type_of(msgspec.Struct)
