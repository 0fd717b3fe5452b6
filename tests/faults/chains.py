"""A service's database as it is on disk: chains, views, dead letters, watermarks, read without the service's own code.

Only the packing of documents (`chassis.store.documents`) is ours; states stay dictionaries and lists.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pymongo import MongoClient

from chassis.fold.model import Out, Recorded
from chassis.store.documents import facts_of, outs_of, uncovered
from tests.faults.cluster import Cluster

KINDS = {"loyalty": "accounts", "profile": "customers"}


@dataclass
class Chain:
    """One entity: its documents in order, its facts and outgoing facts, its newest state."""

    entity: str
    documents: list[dict[str, Any]] = field(default_factory=list)
    view: dict[str, Any] | None = None

    @property
    def head(self) -> dict[str, Any]:
        """The newest version."""
        return self.documents[-1]

    @property
    def facts(self) -> list[Recorded]:
        """All facts in the order applied."""
        return [fact for document in uncovered(self.documents) for fact in facts_of(document)]

    @property
    def outs(self) -> list[Out]:
        """All outgoing facts in order."""
        return [out for document in uncovered(self.documents) for out in outs_of(document)]

    @property
    def state(self) -> dict[str, Any]:
        """The state of the newest version."""
        return msgspec.msgpack.decode(self.head["state"])


@dataclass
class Stored:
    """A database, read at once."""

    chains: dict[str, Chain]
    dead: list[dict[str, Any]]
    slots: list[dict[str, Any]]


def read(cluster: Cluster, service: str) -> Stored:
    """The whole database of a service."""
    with MongoClient[Any](cluster.engines.mongo_url, tz_aware=True) as client:
        database, name = cluster.database(client, service), KINDS[service]
        chains: dict[bytes, Chain] = {}
        for document in database[f"{name}.chain"].find().sort("_id", 1):
            chains.setdefault(document["_id"][:16], Chain(document["e"])).documents.append(document)
        by_entity = {chain.entity: chain for chain in chains.values()}
        assert len(by_entity) == len(chains), "two chains of one entity"
        views: dict[str, Any] = defaultdict(dict)
        for view in database[name].find():
            views[view["_id"]] = view
        for entity, chain in by_entity.items():
            chain.view = views.pop(entity, None)
        assert not views, f"views without a chain: {sorted(views)}"
        return Stored(
            by_entity, list(database["dead"].find()), list(database["slots"].find({"topic": {"$exists": True}}))
        )
