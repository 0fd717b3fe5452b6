"""Who is one person: merge, un-merge, search and reveal, as both doors ask. Nothing here knows HTTP or gRPC."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from chassis.app import App
from chassis.commands import command_id
from chassis.errors import IdempotencyKeyReused, InvalidRequest
from chassis.fold.model import Key
from contracts.intake.people import Identifier
from services.profile.domain.binding import Bond
from services.profile.domain.errors import AlreadyMerged, AlreadyUnmerged, NeverMerged, SameCustomer, UnknownCustomer
from services.profile.domain.identifiers import normalise
from services.profile.domain.ids import blind_index
from services.profile.domain.masking import class_of, shown
from services.profile.store.links import Edge
from services.profile.worker.identity import Identity, identity_of
from services.profile.worker.telling import unmerge_outs

MOST_REFERENCES = 200


class People:
    """The people of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def identity(self) -> Identity:
        """Who is who."""
        return identity_of(self._app)

    async def merge(self, customer: str, other: str, caller: str, key: str | None) -> Edge:
        """Make two customers one person; somebody decided it, so nothing speaks against it. Raises with a clear code."""
        command = await self._asked(f"{caller}:merge:{customer}", key, {"with": other})
        if customer == other:
            raise SameCustomer(pointer="/with")
        await self._know(customer, "")
        await self._know(other, "/with")
        now = self._app.clock.now()
        bond = Bond(customer, other, command, now, frozenset(), True, b"", "decided")
        edge = await self._by(command) or await self.identity.binder.join(bond, now) or await self._by(command)
        if edge is None:
            raise AlreadyMerged
        await self.identity.resolver.tell_merges()
        return edge

    async def unmerge(self, customer: str, merge_id: str, caller: str, key: str | None) -> Edge:
        """Undo a merge. It is a standing decision: later evidence between the two is a suggestion."""
        command = await self._asked(f"{caller}:unmerge:{customer}", key, {"merge_id": merge_id})
        links, now = self.identity.links, self._app.clock.now()
        edge = await links.edge(merge_id)
        if edge is None or customer not in await self._around(edge):
            raise NeverMerged(pointer="/merge_id")
        await links.add(f"apart:{merge_id}", "apart", (edge.loser, edge.survivor), now, cause=command)
        outs = unmerge_outs(edge, now, self._app.definition.language.topic)
        if not await links.withdraw(edge, command, outs, now):
            gone = await links.find(f"gone:{edge.loser}:{edge.k}")
            if gone is None or gone["cause"] != command:
                raise AlreadyUnmerged
        await self.identity.resolver.tell_merges()
        return edge

    async def _asked(self, scope: str, key: str | None, request: Mapping[str, str]) -> str:
        """The id of a command; refuses a key that was used for another request. Only a mark of the request is kept: what
        somebody takes for an id may be anything.
        """
        command = command_id(scope, key)
        links, now = self.identity.links, self._app.clock.now()
        asked = blind_index(self.identity.index_key, "request", "", msgspec.json.encode(request).decode())
        if not await links.add(f"command:{command}", "command", (), now, request=asked):
            before = await links.find(f"command:{command}")
            if before is not None and before["request"] != asked:
                raise IdempotencyKeyReused
        return f"command {command}"

    async def _by(self, command: str) -> Edge | None:
        return await self.identity.links.caused_by(command)

    async def _around(self, edge: Edge) -> Collection[str]:
        links = self.identity.links
        roots = await links.roots([edge.survivor])
        return {edge.loser, *await links.members(roots[edge.survivor])}

    async def _know(self, customer: str, pointer: str) -> None:
        if await self.identity.vault.keys([customer]):
            return
        key = Key("customer", customer)
        if not await self._app.store.heads([key]):
            raise UnknownCustomer("nothing is known of a customer with this id", pointer)

    async def root(self, customer: str) -> str:
        """The id a customer's person goes by now."""
        return (await self.identity.links.roots([customer]))[customer]

    async def who(self, customer: str) -> dict[str, Any]:
        """All names of a person, the merges that made it, what it is known by (never values), what might be one too."""
        await self._know(customer, "")
        links = self.identity.links
        root = await self.root(customer)
        members = await links.members(root)
        held = Counter((claim.type, claim.verified) for claim in await self.identity.claims.of(members))
        return {
            "customer_id": root,
            "aliases": sorted(members - {root}),
            "merges": [_merge(edge) for edge in await links.edges(members | {customer})],
            "identifiers": [
                {"type": type_, "verified": verified, "count": count}
                for (type_, verified), count in sorted(held.items())
            ],
            "suggestions": [
                {"customer_ids": found["ends"], "reason": found["reason"]} for found in await links.suggestions(members)
            ],
        }

    async def search(self, type_: str, value: str, issuer: str | None) -> str:
        """The id that the person with this identifier goes by now."""
        try:
            told = msgspec.convert({"type": type_, "value": value, "issuer": issuer or None}, Identifier)
        except msgspec.ValidationError:
            raise InvalidRequest("type, value and (of an external one) issuer must be those of an identifier") from None
        index = blind_index(self.identity.index_key, type_, issuer or "", normalise(told))
        found = await self.identity.claims.held([index])
        if index not in found:
            raise UnknownCustomer("nobody is known by this identifier")
        return await self.root(found[index].customer)

    async def personal(self, customer: str, how: Callable[[str], str]) -> list[dict[str, Any]]:
        """What is known of a person as the caller may see it; `how` says it by field class. Each value once."""
        await self._know(customer, "")
        members = await self.identity.links.members(await self.root(customer))
        found = {}
        for reference, pointer, value in await self.identity.vault.everything(members, MOST_REFERENCES):
            class_ = class_of(pointer)
            seen = shown(value, class_, how(class_))
            if seen is not None:
                found.setdefault((class_, str(seen)), {"reference": reference, "class": class_, "value": seen})
        return list(found.values())

    async def reveal(self, customer: str, references: Collection[str]) -> dict[str, Any]:
        """The plain values of references in this customer's facts. Raises `TooManyRequests` beyond the caller's share."""
        if len(references) > MOST_REFERENCES:
            raise InvalidRequest(f"at most {MOST_REFERENCES} references at a time", "/references")
        await self._app.gate.spend("reveals_per_hour", max(1, len(references)))
        return await self.identity.vault.reveal(customer, references)


def _merge(edge: Edge) -> dict[str, Any]:
    return {
        "merge_id": edge.merge_id,
        "merged": edge.loser,
        "survivor": edge.survivor,
        "at": edge.at,
        "reason": edge.reason,
        "undone": edge.gone,
    }
