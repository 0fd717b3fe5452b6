"""Joins customers who are one person, or suggests it: union-find by inserts, so that any number of tasks may do it."""

from collections.abc import Iterable
from datetime import datetime

import structlog

from services.profile.domain.binding import Bond, Side, objection
from services.profile.domain.ids import merge_id
from services.profile.domain.policy import Policy
from services.profile.store.claims import ClaimStore
from services.profile.store.links import Edge, Links
from services.profile.worker.telling import TopicOf, merge_outs

log = structlog.get_logger()


class Binder:
    """Makes bonds true."""

    def __init__(self, links: Links, claims: ClaimStore, topic: TopicOf) -> None:
        self.links, self.claims, self.topic = links, claims, topic

    async def bind_all(self, bonds: Iterable[Bond], policy: Policy, now: datetime) -> None:
        """Join what the bonds say is one; what one bond says, another one of the same batch need not say again."""
        bonds = list(bonds)
        if not bonds:
            return
        roots = await self.links.roots({end for bond in bonds for end in (bond.a, bond.b)})
        seen: set[tuple[str, str, bool, frozenset[bytes]]] = set()
        for bond in bonds:
            pair = (roots[bond.a], roots[bond.b], bond.verified, bond.handles)
            if roots[bond.a] != roots[bond.b] and pair not in seen:
                seen.add(pair)
                await self._judge(bond, policy, now)

    async def _judge(self, bond: Bond, policy: Policy, now: datetime) -> None:
        roots = await self.links.roots([bond.a, bond.b])
        if roots[bond.a] == roots[bond.b]:
            return
        a, b = await self._side(roots[bond.a]), await self._side(roots[bond.b])
        apart = await self.links.apart(a.members)
        against = objection(bond, a, b, apart, await self.links.bound_by(bond.via), policy)
        pair = ":".join(sorted((bond.a, bond.b)))
        if against:
            await self.links.add(
                f"suggestion:{pair}:{against}", "suggestion", (bond.a, bond.b), now, cause=bond.cause, reason=against
            )
            return
        more = {"via": bond.via} if bond.via else {}
        await self.links.add(f"link:{pair}", "link", (bond.a, bond.b), now, cause=bond.cause, **more)
        await self.join(bond, now)

    async def _side(self, root: str) -> Side:
        members = await self.links.members(root)
        return Side(members, await self.claims.of(members))

    async def join(self, bond: Bond, now: datetime) -> Edge | None:
        """Make the two one person, whatever speaks against it; None if they are already. Somebody else's race is lost
        and run again.
        """
        while True:
            roots = await self.links.roots([bond.a, bond.b])
            survivor, loser = sorted((roots[bond.a], roots[bond.b]))
            if survivor == loser:
                return None
            edge = await self._edge(bond, loser, survivor, now)
            if await self.links.join(edge):
                log.info("customers merged", merge_id=edge.merge_id, reason=edge.reason)
                return edge

    async def _edge(self, bond: Bond, loser: str, survivor: str, now: datetime) -> Edge:
        k = await self.links.count_withdrawn(loser)
        made = merge_id(loser, survivor, f"{bond.cause} {k}")
        edge = Edge(loser, survivor, k, made, bond.cause, now, bond.reason, b"")
        return edge._replace(out=merge_outs(edge, bond.time, now, self.topic))
