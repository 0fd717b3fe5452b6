"""A chain that is compacted while it is read must not look as if facts had never been there."""

from typing import Any

import pytest

from chassis.store.documents import Torn, uncovered


def document(seq: int, **more: Any) -> dict[str, Any]:
    return {"s": seq, **more}


def test_a_joined_version_covers_those_it_holds() -> None:
    chain = [document(1, upto=3), document(2, stub=True), document(3), document(4)]
    assert [each["s"] for each in uncovered(chain)] == [1, 4]


def test_an_emptied_version_that_nobody_covers_is_a_torn_read() -> None:
    """The first was read before it took the facts of the second, the second after it had given them up."""
    with pytest.raises(Torn):
        list(uncovered([document(1), document(2, stub=True), document(3)]))


def test_several_joined_versions_follow_each_other() -> None:
    chain = [document(1, upto=2), document(2, stub=True), document(3, upto=4), document(4, stub=True), document(5)]
    assert [each["s"] for each in uncovered(chain)] == [1, 3, 5]
