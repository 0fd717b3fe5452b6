"""`until` of the tests themselves: what is not there yet is waited for and told of; any other error is one at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.running import until


def after(times: int, error: Exception) -> Callable[[], str]:
    """A look that finds something after it has failed so often."""
    left = [error] * times

    def look() -> str:
        if left:
            raise left.pop()
        return "there"

    return look


@pytest.mark.parametrize("error", [KeyError("items"), IndexError("empty"), ValueError("not enough values to unpack")])
def test_what_is_not_there_yet_is_waited_for(error: Exception) -> None:
    assert until(after(2, error), bool, "it", 60) == "there"


def test_a_condition_may_look_too_early_as_well() -> None:
    found: list[Any] = [{"code": "unknown_customer"}, {"items": [1]}]
    assert until(lambda: found.pop(0), lambda body: body["items"], "items", 60) == {"items": [1]}


def test_the_last_error_and_the_last_finding_are_told_when_the_time_is_over() -> None:
    with pytest.raises(AssertionError, match=r"wanted items; the last look: KeyError\('items'\)"):
        until(after(10**6, KeyError("items")), bool, "items", 0.1)
    with pytest.raises(AssertionError, match=r"\{'code': 'unknown_customer'\}, wanted items; the last look"):
        until(lambda: {"code": "unknown_customer"}, lambda body: body["items"], "items", 0.1)
    with pytest.raises(AssertionError, match=r"after 0\.1 s: 3, wanted four$"):
        until(lambda: 3, lambda found: found == 4, "four", 0.1)


@pytest.mark.parametrize("error", [TypeError("None"), ConnectionError("refused"), AssertionError("wrong")])
def test_no_other_error_is_a_reason_to_wait(error: Exception) -> None:
    with pytest.raises(type(error)):
        until(after(1, error), bool, "it", 60)
