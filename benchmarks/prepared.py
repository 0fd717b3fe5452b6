"""The documents that the floor writes: those that the fold would have written, made beforehand by the same code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.workload import PARTITIONS, Work, facts
from chassis.fold.memory import Memory
from chassis.fold.model import Head, Key
from chassis.fold.rules import Folder, Item
from chassis.migrate import read_policy
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from chassis.store.documents import version_document, view_document
from contracts.language import Language
from services.profile.domain.model import EMPTY
from services.profile.domain.policy import policy_from
from services.profile.store.customer import CUSTOMER
from services.profile.worker.table import RULES

BATCH = 8_000
POLICY = "services/profile/policy"
Prepared = tuple[list[str], list[dict[str, Any]], list[dict[str, Any]]]


def policies() -> PolicyBook:
    """Profile's policy as it is shipped."""
    return PolicyBook([PolicyVersion(1, BEGINNING, policy_from(read_policy(Path(POLICY), "profile.yaml")))])


def prepare(work: Work, views_per_version: float) -> list[list[Prepared]]:
    """Per partition, the batches: customers to find, versions to insert, views to replace (that share of the versions)."""
    folder = Folder(RULES, Language("/bench"), policies())
    heads: dict[Key, Head] = {}
    lanes: list[list[Prepared]] = []
    for partition in range(PARTITIONS):
        items = [
            Item(offset, Key("customer", fact.subject), fact)
            for offset, fact in enumerate(facts(work))
            if int(fact.subject[-12:]) % PARTITIONS == partition
        ]
        lanes.append(
            [_batch(folder, heads, items[at : at + BATCH], views_per_version) for at in range(0, len(items), BATCH)]
        )
    return lanes


def _batch(folder: Folder, heads: dict[Key, Head], items: list[Item], views_per_version: float) -> Prepared:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(item.key, []).append(item)
    versions, views = [], []
    for key, group in groups.items():
        folded = folder.fold(heads.get(key) or Head(key, 0, EMPTY, Memory()), group, "slot")
        assert folded.version is not None
        heads[key] = folded.head
        versions.append(version_document(folded.version))
        views.append(view_document(CUSTOMER, folded.head))
    return [key.id for key in groups], versions, views[: round(len(views) * views_per_version)]
