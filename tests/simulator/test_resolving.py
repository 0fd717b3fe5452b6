"""Identity, simulated: hundreds of interleavings of tasks and processes under every fault; and each law is needed."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from services.profile.store.claims import ClaimStore
from services.profile.store.inbox import Inbox
from services.profile.store.links import Links
from services.profile.store.vault import Vault
from tests.simulator.resolving import run

SEEDS = 250


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of merges need not be logged."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    yield
    structlog.reset_defaults()


def test_each_person_is_one_and_each_event_one_record_under_all_faults() -> None:
    hits: Counter[str] = Counter()
    for seed in range(SEEDS):
        problems, town = run(seed)
        assert problems == [], f"seed {seed}"
        hits += town.hits
    for fault in ("crash", "zombie", "lost reply", "rolled back", "came second", "merges"):
        assert hits[fault], f"{fault} never happened"


def test_without_faults_too() -> None:
    for seed in range(60):
        assert run(seed, frozenset())[0] == []


def the_second_claim_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _takes_no_word(monkeypatch, ClaimStore, "make")


def the_second_row_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _takes_no_word(monkeypatch, Inbox, "add")


def a_lost_join_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    join = Links.join

    async def joined(self: Links, edge: Any) -> bool:
        await join(self, edge)
        return True

    monkeypatch.setattr(Links, "join", joined)


def the_second_key_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Vault.keys

    async def new_keys(self: Vault, customers: Any, at: Any) -> Any:
        made = {name: {"_id": name, "key": self._wrap(name)} for name in customers}
        await keys(self, list(customers))
        return {name: self._unwrap(document) for name, document in made.items()}

    monkeypatch.setattr(Vault, "new_keys", new_keys)


def merges_are_told_by_who_made_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(self: Links, limit: int = 500) -> list[Any]:
        return []

    monkeypatch.setattr(Links, "untold", none)


def _takes_no_word(monkeypatch: pytest.MonkeyPatch, store: type, name: str) -> None:
    call = getattr(store, name)

    async def first(self: Any, *args: Any) -> set[Any]:
        await call(self, *args)
        return set()

    monkeypatch.setattr(store, name, first)


LAWS = (
    the_second_claim_counts_too,
    the_second_row_counts_too,
    a_lost_join_is_not_run_again,
    the_second_key_counts_too,
    merges_are_told_by_who_made_them_alone,
)


@pytest.mark.parametrize("without", LAWS, ids=lambda each: each.__name__)
def test_each_law_is_needed(without: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    assert any(_goes_wrong(seed) for seed in range(400)), "nothing went wrong"


def _goes_wrong(seed: int) -> bool:
    try:
        return bool(run(seed)[0])
    except Exception:  # a world without this law may break in any way
        return True
