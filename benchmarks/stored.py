"""Customers that are there already: one chain and its view, made by profile's own fold, copied under other ids.

A copy remembers the hashes of the first one's facts, which differ by customer: as much to read and write, and no fact
of these benchmarks comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pymongo import MongoClient

from benchmarks.prepared import policies
from benchmarks.workload import Work, customer_id, facts
from chassis.fold.batch import FACTS_PER_ENTITY
from chassis.fold.memory import Memory
from chassis.fold.model import Head, Key
from chassis.fold.rules import Folder, Item
from chassis.store.documents import link_id, version_document, view_document
from contracts.language import Language
from services.profile.domain.model import EMPTY
from services.profile.store.customer import CUSTOMER
from services.profile.worker.table import RULES

BATCH = 5_000
Documents = tuple[list[dict[str, Any]], dict[str, Any]]


def one_customer(count: int) -> Documents:
    """The chain of customer 0 with so many facts, up to 500 in a version, and its view."""
    folder, key = Folder(RULES, Language("/bench"), policies()), Key("customer", customer_id(0))
    items = [Item(number, key, fact) for number, fact in enumerate(facts(Work(count, 1), seed=7))]
    head, chain = Head(key, 0, EMPTY, Memory()), []
    for at in range(0, count, FACTS_PER_ENTITY):
        folded = folder.fold(head, items[at : at + FACTS_PER_ENTITY], "before", unknown=_Everything())
        assert folded.version is not None
        head = folded.head
        chain.append(version_document(folded.version))
    return chain, view_document(CUSTOMER, head)


class _Everything:
    """Contains every id: what the filter takes for known is new."""

    def __contains__(self, _cause: object) -> bool:
        return True


def copies(template: Documents, numbers: range) -> Iterator[Documents]:
    """The same for other customers."""
    chain, view = template
    for number in numbers:
        customer = customer_id(number)
        prefix = Key("customer", customer).prefix()
        versions = [{**each, "_id": link_id(prefix, each["s"]), "e": customer} for each in chain]
        yield versions, {**view, "_id": customer}


def fill(url: str, database: str, customers: int, facts_each: int) -> None:
    """Store so many customers of so many facts each."""
    made = copies(one_customer(facts_each), range(customers))
    with MongoClient[Any](url, w=1, journal=False) as client:
        while some := list(islice(made, BATCH)):
            chain = client[database][f"{CUSTOMER.collection}.chain"]
            chain.insert_many([version for versions, _ in some for version in versions], ordered=False)
            client[database][CUSTOMER.collection].insert_many([view for _, view in some], ordered=False)
