"""`links`: who is the same person as whom, and why. Insert-only; people are the connected components.

- `link:` two customers and the fact that says they are one; `suggestion:` the same where a person must decide.
- `edge:<loser>:<k>`: `loser` is another name of `survivor` from now on. Edges go from the larger to the smaller id, so
  there are no circles; `k` counts the withdrawn edges of this loser, so one loser has at most one edge in force.
- `gone:<loser>:<k>`: that edge is withdrawn. `apart:<merge>`: a standing decision that two are not one.
- `command:<id>`: what a command of a door asked for.

Edges and withdrawals carry `out`, the records that tell both sides, and `todo` until they are published.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chassis.fold.model import Out
from chassis.store.connect import transient
from services.profile.store.inbox import decode_outs
from services.profile.store.writing import Document, find_all, insert_new


class Edge(NamedTuple):
    """One merge: `loser` became another name of `survivor`; `k` is its number for this loser."""

    loser: str
    survivor: str
    k: int
    merge_id: str
    cause: str
    at: datetime
    reason: str
    out: bytes
    gone: bool = False


class Links:
    """The links of a database."""

    def __init__(self, database: Any) -> None:
        self._links = database["links"]

    # ---- who is who -------------------------------------------------------------------------------------------------

    async def roots(self, customers: Collection[str]) -> dict[str, str]:
        """Each customer with the one that its person goes by now."""
        roots = {customer: customer for customer in customers}
        frontier = set(customers)
        while frontier:
            ups = {edge.loser: edge.survivor for edge in await self._in_force({"loser": {"$in": list(frontier)}})}
            roots = {customer: ups.get(root, root) for customer, root in roots.items()}
            frontier = set(ups.values())
        return roots

    async def members(self, root: str) -> frozenset[str]:
        """All names of the person that goes by `root`."""
        members, frontier = {root}, {root}
        while frontier:
            found = await self._in_force({"survivor": {"$in": list(frontier)}})
            frontier = {edge.loser for edge in found} - members
            members |= frontier
        return frozenset(members)

    async def edges(self, customers: Collection[str]) -> list[Edge]:
        """Every merge these customers took part in, also those undone, the oldest first."""
        names = list(customers)
        found = await self._edges({"$or": [{"loser": {"$in": names}}, {"survivor": {"$in": names}}]})
        return sorted(found, key=lambda edge: (edge.at, edge.merge_id))

    async def edge(self, merge_id: str) -> Edge | None:
        """The merge of this id."""
        return next(iter(await self._edges({"merge_id": merge_id})), None)

    async def caused_by(self, cause: str) -> Edge | None:
        """The merge that this evidence or command made."""
        found = await find_all(self._links, {"kind": "edge", "cause": cause, "merge_id": {"$gt": ""}})
        return _edge(found[0], False) if found else None

    async def count_withdrawn(self, loser: str) -> int:
        """How many edges of this loser were withdrawn: the number of its next one."""
        return sum(edge.gone for edge in await self._edges({"loser": loser}))

    async def _in_force(self, query: Document) -> list[Edge]:
        return [edge for edge in await self._edges(query) if not edge.gone]

    async def _edges(self, query: Document) -> list[Edge]:
        found = await find_all(self._links, {"kind": {"$in": ["edge", "gone"]}, **query})
        gone = {document["merge_id"] for document in found if document["kind"] == "gone"}
        return [_edge(d, d["merge_id"] in gone) for d in found if d["kind"] == "edge"]

    # ---- evidence ---------------------------------------------------------------------------------------------------

    async def apart(self, members: Collection[str]) -> list[frozenset[str]]:
        """The pairs with one of these customers that somebody took apart."""
        found = await find_all(self._links, {"kind": "apart", "ends": {"$in": list(members)}})
        return [frozenset(document["ends"]) for document in found]

    async def bound_by(self, index: bytes) -> int:
        """How many customers a shared identifier has joined."""
        if not index:
            return 0
        found = await find_all(self._links, {"kind": "link", "via": index}, {"ends": 1})
        return len({end for document in found for end in document["ends"]})

    async def suggestions(self, members: Collection[str]) -> list[Document]:
        """The pairs that a person should look at."""
        return await find_all(self._links, {"kind": "suggestion", "ends": {"$in": list(members)}})

    # ---- decisions --------------------------------------------------------------------------------------------------

    async def add(self, name: str, kind: str, ends: Sequence[str], at: datetime, **more: Any) -> bool:
        """Insert a link, a suggestion or a pair taken apart; False if it is there already."""
        document = {"_id": name, "kind": kind, "ends": sorted(ends), "at": at, **more}
        return not await insert_new(self._links, [document])

    async def join(self, edge: Edge) -> bool:
        """Insert an edge; False if this loser has one in force already."""
        return not await insert_new(self._links, [_document(edge, "edge", edge.cause, edge.out, edge.at)])

    async def withdraw(self, edge: Edge, cause: str, out: bytes, at: datetime) -> bool:
        """Withdraw an edge; False if it was withdrawn before."""
        return not await insert_new(self._links, [_document(edge, "gone", cause, out, at)])

    @transient
    async def find(self, name: str) -> Document | None:
        """One document by its name."""
        return await self._links.find_one({"_id": name})

    # ---- telling ----------------------------------------------------------------------------------------------------

    async def untold(self, limit: int = 500) -> list[tuple[str, datetime, list[Out]]]:
        """Merges and withdrawals that are not in the journal yet."""
        found = (await find_all(self._links, {"todo": 1}))[:limit]
        return [(document["_id"], document["at"], decode_outs(document["out"])) for document in found]

    async def told_since(self, since: datetime) -> list[tuple[datetime, list[Out]]]:
        """Merges and withdrawals from a time on, the oldest first."""
        found = await find_all(self._links, {"kind": {"$in": ["edge", "gone"]}, "at": {"$gte": since}})
        told = [(document["at"], decode_outs(document["out"])) for document in found]
        return sorted(told, key=lambda each: each[0])

    @transient
    async def told(self, names: Iterable[str]) -> None:
        """These are in the journal."""
        await self._links.update_many({"_id": {"$in": list(names)}}, {"$unset": {"todo": ""}})


def _document(edge: Edge, kind: str, cause: str, out: bytes, at: datetime) -> Document:
    return {
        "_id": f"{kind}:{edge.loser}:{edge.k}",
        "kind": kind,
        "loser": edge.loser,
        "survivor": edge.survivor,
        "k": edge.k,
        "merge_id": edge.merge_id,
        "cause": cause,
        "reason": edge.reason,
        "at": at,
        "out": out,
        "todo": 1,
    }


def _edge(document: Document, gone: bool) -> Edge:
    return Edge(
        document["loser"],
        document["survivor"],
        document["k"],
        document["merge_id"],
        document["cause"],
        document["at"],
        document["reason"],
        bytes(document["out"]),
        gone,
    )
