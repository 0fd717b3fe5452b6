"""Limits of a day on what households, agents and devices set aside: by hand, and in any interleaving of attempts."""

import inspect
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chassis.fold.model import Key
from chassis.fold.rules import Folder, Item, empty_head
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from contracts.errors import Refused
from contracts.language import Language
from services.loyalty.api.quotas import SPENDING
from services.loyalty.domain.commands import COMMANDS
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy, policy_from
from services.loyalty.domain.quota import NO_QUOTA, SCOPES, Quota, ReturnQuota, Scope, TakeQuota
from services.loyalty.domain.quotas import MOST_SHARES, REFUSALS, ends_at, told
from services.loyalty.store.quota import QUOTA, key_of
from services.loyalty.worker.table import RULES
from tests.unit.facts import day
from tests.unit.loyalty.accounts import POLICY, command
from tests.unit.loyalty.test_policy import DOCUMENT
from tests.unit.test_merging import with_subject

LIMITS = {f"most_spent_a_day_by_{scope}": 1000 for scope in SCOPES}
LIMITED: Policy = policy_from({**DOCUMENT, **LIMITS})
TILL = "device.2026-03.0f1e2d"


def take(quota: Quota, points: int, name: str = "C1", now: datetime | None = None, scope: Scope = "device") -> Quota:
    """An attempt at a command."""
    fact = with_subject(command(TakeQuota(name, points, scope), now or day(0), "attempt"), TILL)
    return RULES[fact.type].apply(quota, fact, fact.recorded_at, LIMITED)[0]


def give_back(
    quota: Quota, points: int, name: str = "C1", of: str = "2026-03-02", now: datetime | None = None
) -> Quota:
    """The account has refused it."""
    fact = with_subject(command(ReturnQuota(name, points, of), now or day(0), "attempt.returned"), TILL)
    return RULES[fact.type].apply(quota, fact, fact.recorded_at, LIMITED)[0]


def test_a_limit_can_be_spent_exactly_and_no_further() -> None:
    quota = take(take(NO_QUOTA, 600), 400, "C2")
    assert (quota.day, quota.used) == ("2026-03-02", 1000)
    with pytest.raises(Refused) as refused:
        take(quota, 1, "C3")
    assert (refused.value.code, refused.value.status, refused.value.pointer) == ("device_limit", 409, "/points")
    assert refused.value.detail == (
        "the device may spend 1000 points a day (quota 0f1e2d): 0 are left until 2026-03-02T16:00:00Z"
    )


def test_a_refusal_says_how_many_are_left() -> None:
    with pytest.raises(Refused, match="300 are left until"):
        take(take(NO_QUOTA, 700), 301, "C2")
    assert take(take(NO_QUOTA, 700), 300, "C2").used == 1000


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_has_a_refusal_of_its_own(scope: Scope) -> None:
    with pytest.raises(REFUSALS[scope]) as refused:
        take(NO_QUOTA, 1001, scope=scope)
    assert refused.value.code == f"{scope}_limit"
    assert ("0f1e2d" in refused.value.detail) == (scope == "device"), "no other quota is named"


def test_the_day_is_that_of_the_company() -> None:
    """In Shanghai a day begins at 16:00 in UTC."""
    before, after = datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC)
    quota = take(NO_QUOTA, 1000, now=before)
    with pytest.raises(Refused):
        take(quota, 1, "C2", before)
    quota = take(quota, 900, "C2", after)
    assert (quota.day, quota.used, len(quota.shares)) == ("2026-03-03", 900, 1)
    assert ends_at(quota.day, LIMITED) == datetime(2026, 3, 3, 16, tzinfo=UTC)


def test_a_clock_that_is_behind_counts_on_the_later_day() -> None:
    late = take(take(NO_QUOTA, 900, now=day(1)), 100, "C2", day(0))
    assert (late.day, late.used) == ("2026-03-03", 1000)


def test_a_repeated_command_counts_once_and_needs_no_room() -> None:
    quota = take(take(NO_QUOTA, 600), 400, "C2")
    again = take(quota, 600)
    assert (again.used, again.shares["C1 600"].attempts) == (1000, 2)


def test_another_number_of_points_under_the_same_key_is_counted_too() -> None:
    """Only one of the two can succeed, and nobody knows yet which."""
    both = take(take(NO_QUOTA, 100), 300)
    assert both.used == 400
    assert give_back(both, 100).used == 300


def test_what_the_account_refuses_comes_back_and_can_be_taken_again() -> None:
    quota = give_back(take(NO_QUOTA, 1000), 1000)
    assert (quota.used, quota.shares) == (0, {})
    assert take(quota, 1000).used == 1000


def test_what_one_attempt_returns_another_has_still_counted() -> None:
    """The account refused the first and carried out the second."""
    quota = give_back(take(take(NO_QUOTA, 500), 500), 500)
    assert (quota.used, quota.shares["C1 500"].attempts) == (500, 1)


def test_what_is_returned_after_midnight_gives_the_new_day_nothing() -> None:
    tomorrow = take(take(NO_QUOTA, 500), 500, now=day(1))
    assert give_back(tomorrow, 500, now=day(1)) == tomorrow
    assert give_back(tomorrow, 500, of="2026-03-03", now=day(1)).used == 0


def test_what_was_never_taken_is_not_returned() -> None:
    quota = take(NO_QUOTA, 500)
    assert give_back(quota, 500, "C2") == quota
    assert give_back(NO_QUOTA, 500) == NO_QUOTA


def test_a_quota_stays_small_and_forgets_to_the_safe_side() -> None:
    quota = NO_QUOTA
    for number in range(MOST_SHARES + 10):
        quota = take(quota, 1, f"0b9f6a54-6a3e-5d0f-9b51-{number:012}")
    assert (quota.used, len(quota.shares)) == (MOST_SHARES + 10, MOST_SHARES)
    assert give_back(quota, 1, f"0b9f6a54-6a3e-5d0f-9b51-{0:012}").used == quota.used, "forgotten: it stays counted"
    stored = msgspec.msgpack.encode(quota)
    assert len(stored) < 8 * 1024
    assert msgspec.msgpack.decode(stored, type=Quota) == quota


def test_what_is_told_of_a_quota() -> None:
    spent = take(NO_QUOTA, 300)
    assert told(spent, "device", "0f1e2d", day(0), LIMITED) == {
        "scope": "device",
        "quota_id": "0f1e2d",
        "limit": 1000,
        "used": 300,
        "left": 700,
        "day": "2026-03-02",
        "until": datetime(2026, 3, 2, 16, tzinfo=UTC),
    }
    assert told(spent, "device", "0f1e2d", day(1), LIMITED)["left"] == 1000
    without = told(spent, "device", "0f1e2d", day(0), POLICY)
    assert (without["limit"], without["left"]) == (0, None), "the file sets no limit"
    lower = told(spent, "device", "0f1e2d", day(0), policy_from({**DOCUMENT, "most_spent_a_day_by_device": 100}))
    assert lower["left"] == 0


def test_a_policy_and_an_account_of_an_earlier_release_are_read() -> None:
    earlier = policy_from({name: value for name, value in DOCUMENT.items() if name not in LIMITS})
    assert {getattr(earlier, name) for name in LIMITS} == {0}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode({}), type=Account).household == ""


def test_every_command_that_sets_points_aside_is_limited() -> None:
    """By reading the rules: whoever writes another one has to decide."""
    by_type = {each.TYPE: each for each in COMMANDS}
    setting = {by_type[name] for name, each in RULES.items() if name in by_type and "set_aside(" in _source(each.apply)}
    assert setting == set(SPENDING)


def _source(function: Any) -> str:
    return inspect.getsource(function).replace("def set_aside(", "")


BOOK = PolicyBook([PolicyVersion(1, BEGINNING, LIMITED)])
COMMAND_IDS, POINTS = st.sampled_from("ABCDE"), st.sampled_from([100, 250, 400])


class Attempts(RuleBasedStateMachine):
    """Attempts at few commands over two days: taken, said again, returned, said to be returned again; in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Folder(RULES, Language("/hearth/loyalty", COMMANDS), BOOK, kinds={"quota": QUOTA})
        self.key = key_of("device", "0f1e2d", "2026-03-02")
        self.head = empty_head({"quota": QUOTA}, self.key)
        self.hour, self.made, self.open, self.applied = 0, list[Any](), list[Any](), list[Any]()
        self.counted: Counter[tuple[str, int]] = Counter()

    def fold(self, data: Any, name: str) -> str:
        """The code of the refusal, or ""."""
        fact = with_subject(command(data, day(0, hour=self.hour), name), self.key.id)
        folded = self.folder.fold(self.head, [Item(-1, self.key, fact)], "")
        self.head = folded.head
        self.applied += [fact] if folded.version else []
        return getattr(folded.refused[0][1], "code", "unexpected") if folded.refused else ""

    @property
    def today(self) -> str:
        """The day in Shanghai, eight hours before UTC."""
        return day(0, hour=self.hour + 8).date().isoformat()

    @property
    def used(self) -> int:
        """Points of the commands that some attempt has taken and not returned, today."""
        return sum(points for (_, points), attempts in self.counted.items() if attempts)

    @rule(name=COMMAND_IDS, points=POINTS)
    def begin(self, name: str, points: int) -> None:
        fits = self.counted[name, points] or self.used + points <= 1000
        attempt = f"attempt-{len(self.made)}"
        refused = self.fold(asked := TakeQuota(name, points, "device"), attempt)
        assert refused == ("" if fits else "device_limit")
        if fits:
            self.counted[name, points] += 1
            self.open.append((attempt, ReturnQuota(name, points, self.head.state.day)))
            self.made.append((attempt, asked))

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def say_again(self, data: Any) -> None:
        attempt, asked = data.draw(st.sampled_from(self.made))
        self.fold(asked, attempt)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), times=st.integers(1, 2))
    def refuse(self, data: Any, times: int) -> None:
        attempt, back = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        for _ in range(times):
            self.fold(back, f"{attempt}.returned")
        if back.day == self.today:
            self.counted[back.command_id, back.points] -= 1

    @rule()
    def wait(self) -> None:
        days = self.hour // 24
        self.hour += 5
        if self.hour // 24 > days:
            self.counted.clear()

    @invariant()
    def counts_what_is_taken_and_not_returned(self) -> None:
        state = self.head.state
        assert state.used <= 1000
        if state.day == self.today:
            assert state.used == self.used == sum(each.points for each in state.shares.values())
        else:
            assert self.used == 0

    def teardown(self) -> None:
        """Folding again (`hearth refold`) finds nothing that differs."""
        assert self.folder.again(self.key, self.applied, {}) == self.head.state


Attempts.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAttempts = Attempts.TestCase


def test_an_entity_for_each_scope_id_and_month() -> None:
    march = key_of("agent", "she", "2026-03-02")
    assert march == key_of("agent", "she", "2026-03-31") == Key("quota", "agent.2026-03.she")
    assert len({march, key_of("agent", "she", "2026-04-01"), key_of("household", "she", "2026-03-02")}) == 3
