"""`POST /v1/rebuild` and `POST /v1/refold`: views made again from the chains, states folded again from the facts.

Both work page by page beside everything else, and may be repeated: a caller goes on with `next` until it is null. Nothing
is taken away first, so there is nothing to swap: each view is replaced by itself, each state is one more version of its
chain, by the same compare-and-set as any other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from chassis.errors import InvalidRequest, Unavailable
from chassis.fold.bringing import bring
from chassis.fold.doors import Command
from chassis.fold.model import Head, Key
from chassis.fold.rules import Item, empty_head
from chassis.seeing.dead import door, read
from chassis.store.seeing import again

if TYPE_CHECKING:
    from chassis.app import App

SHOWN = 20
"""Ids of entities that an answer names at most."""


class Page(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked for. `run` names a refolding: the same run folds an entity once. `after` is `next` of the answer before."""

    kind: str = ""
    run: str = ""
    after: str = ""
    limit: int = 50
    dry_run: bool = False


def repair_routes(app: App) -> list[Route]:
    """Both routes."""
    repairs = Repairing(app)
    return [
        Route("/v1/rebuild", door(repairs.rebuild), methods=["POST"]),
        Route("/v1/refold", door(repairs.refold), methods=["POST"]),
    ]


class Repairing:
    """Repairs of a service's entities."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def rebuild(self, request: Request) -> Any:
        """Compare the views of some entities with their newest versions, and put right those that differ; says which kinds of
        entities there are.
        """
        asked = await self._asked(request)
        return {**await self._rebuild(asked), "kinds": list(self.app.kinds)}

    async def _rebuild(self, asked: Page) -> dict[str, Any]:
        store = self.app.store
        if asked.after.startswith("view:"):
            wrong, place = await again.views_without_chain(store, asked.kind, asked.after[5:], asked.limit)
            for key in [] if asked.dry_run else wrong:
                await again.remove_view(store, key)
            return _answer(asked, wrong, f"view:{place}" if place else "")

        async def one(key: Key) -> bool:
            head = (await store.heads([key])).get(key)
            differs = head is not None and await again.view_differs(store, head)
            if differs and head is not None and not asked.dry_run:
                await again.put_view(store, head)
            return differs

        answer = await self._each(asked, one)
        return {**answer, "next": answer["next"] or "view:"}

    async def refold(self, request: Request) -> Any:
        """Fold some entities again by the rules and policies of now; what differs is one more version, and made known."""
        asked = await self._asked(request)
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,50}", asked.run):
            raise InvalidRequest("run is 1 to 50 letters, digits, dots and dashes: a name of this refolding", "/run")

        async def one(key: Key) -> bool:
            differs = await self._differs(key, asked.run)
            if differs and not asked.dry_run:
                await self.app.commands.execute(key, Command(self._command(key, asked.run)))
            return differs

        return await self._each(asked, one)

    async def _each(self, asked: Page, one: Callable[[Key], Awaitable[bool]]) -> dict[str, Any]:
        """A few at a time, for some seconds at most; then the answer says where to go on."""
        looked = await again.look(self.app.store, asked.kind, asked.after, asked.limit, one)
        changed = [key for key, differs in looked.found.items() if differs]
        return _answer(asked, changed, looked.after, len(looked.found))

    async def _differs(self, key: Key, run: str) -> bool:
        """Whether folding again would change anything. Only what differs gets a version, so a repetition costs reading."""
        head = (await self.app.store.heads([key])).get(key) or empty_head(self.app.kinds, key)
        return head.ties.into is None and await self._folded_again(head, run) != head.state

    async def _folded_again(self, head: Head, run: str) -> Any:
        folder = self.app.folder
        chains = await bring(self.app.store, folder, head, [Item(-1, head.key, self._command(head.key, run))])
        return folder.again(head.key, chains.own, chains.others)

    def _command(self, key: Key, run: str) -> Any:
        return self.app.definition.language.refolding(f"refold.{run}", key.id, self.app.clock.now())

    async def _asked(self, request: Request) -> Page:
        if not self.app.started:
            raise Unavailable("this process is still starting; try again")
        refusal = InvalidRequest("send {run, kind, after, limit, dry_run}; after is `next` of an earlier answer")
        asked = read(await request.body() or b"{}", Page, refusal)
        try:
            _ = b"" if asked.after.startswith("view:") else bytes.fromhex(asked.after)
        except ValueError:
            raise refusal from None
        kind = asked.kind or next(iter(self.app.kinds))
        if kind not in self.app.kinds:
            raise InvalidRequest(f"kind is one of: {', '.join(self.app.kinds)}", "/kind")
        if not 1 <= asked.limit <= 500:
            raise InvalidRequest("limit is 1 to 500", "/limit")
        return msgspec.structs.replace(asked, kind=kind)


def _answer(asked: Page, changed: list[Key], following: str, seen: int = 0) -> dict[str, Any]:
    return {
        "kind": asked.kind,
        "dry_run": asked.dry_run,
        "entities": seen,
        "changed": len(changed),
        "ids": [key.id for key in changed[:SHOWN]],
        "next": following or None,
    }
