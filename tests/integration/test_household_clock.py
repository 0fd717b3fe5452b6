"""A household on running services whose clock stands and is moved: what ends by itself does, and one instant has an order."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.members import member
from tests.integration.test_households import asked, books_are_right, found, home_of, join, pooled
from tests.integration.test_loyalty import told
from tests.integration.test_tickets import move
from tests.running import Hearth, running, until

pytestmark = pytest.mark.integration

START = "2026-03-05T00:00:00Z"


@pytest.fixture(scope="module")
def still(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Services whose clocks stand at 5 March until they are moved."""
    with running(engines, tmp_path_factory.mktemp("still"), HEARTH_CLOCK=START) as hearth:
        yield hearth


def test_invitations_and_points_in_a_pool_end_by_themselves(still: Hearth) -> None:
    head, other, third = (member(still) for _ in range(3))
    household = found(still, head)
    join(still, household, head, other)
    assert asked(still, other, "contribute", points=70).status == 201
    pooled(still, household, 70)
    assert asked(still, head, "withdraw", points=30).status == 201
    still.eventually(head, active=100)
    assert asked(still, head, "invite", member=third).body["invited"][0]["until"] == "2026-03-12T00:00:00Z"
    waiting = until(lambda: told(still, third, "household")["memberships"], bool, "is asked")
    assert (waiting[0]["state"], waiting[0]["until"]) == ("INVITED", "2026-03-12T00:00:00Z")
    move(still, "2026-03-12T00:00:00Z")
    late = asked(still, third, "accept", household_id=household)
    assert (late.status, late.body["code"]) == (404, "unknown_invitation")
    until(lambda: home_of(still, household)["invited"], lambda invited: invited == [], "the household has forgotten it")
    until(lambda: told(still, third, "household")["memberships"], lambda all_: all_ == [], "and who was asked")
    move(still, "2028-03-31T16:00:00Z")
    assert home_of(still, household)["points"] == 0, "at once, whenever the timer fires"
    why = until(
        lambda: still.http("loyalty", f"/v1/households/{household}/explain").body,
        lambda found: found["total"] == 0,
        "what was in the pool has ended",
    )
    assert [(each["points"], each["why"]) for each in why["reasons"]] == [
        (70, "pool_contributed"),
        (-30, "pool_withdrawn"),
        (-40, "pool_expired"),
    ]
    still.eventually(head, active=0)
    assert asked(still, other, "leave").status == 200
    assert asked(still, head, "leave").status == 200
    books_are_right(still)
