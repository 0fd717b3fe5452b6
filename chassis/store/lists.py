"""What entities hold, found through the fields of their views, page by page. Views follow the facts within a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from chassis.fold.bringing import head_of
from chassis.fold.model import Head, Key
from chassis.pages import cursor_after, place_in
from chassis.store.connect import transient

if TYPE_CHECKING:
    from chassis.store.mongo import MongoStore

T = TypeVar("T")


class Wanted(NamedTuple, Generic[T]):
    """What a list is asked for: a query of views, what of an entity fits, and the only entity to look at, if one is named."""

    query: Mapping[str, Any]
    fits: Callable[[T], bool]
    only: str = ""


class Listing(Generic[T]):
    """The items that entities of one kind hold. `place` is an item's entity and, within it, its name; both without spaces."""

    def __init__(
        self,
        store: MongoStore,
        kind: str,
        items: Callable[[Head], Iterable[T]],
        place: Callable[[T], tuple[str, str]],
    ) -> None:
        self._store, self._kind, self._items, self._place = store, kind, items, place

    async def holder(self, query: Mapping[str, Any]) -> Key | None:
        """The first entity whose view fits."""
        found = await self._entities(query, "", 1)
        return found[0].key if found else None

    async def page(self, wanted: Wanted[T], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
        """The items after a cursor by entity and name, at most `limit`, and the cursor of the next page."""
        after = place_in(cursor)
        found: list[T] = []
        start = after[0]
        while len(found) <= limit:
            heads = await self._heads(wanted, start, limit + 1)
            rest = sorted((each for head in heads for each in self._items(head)), key=self._place)
            found += [each for each in rest if self._place(each) > after and wanted.fits(each)]
            if len(heads) <= limit or wanted.only:
                break
            start, after = heads[-1].key.id, (heads[-1].key.id, "~")
        page = found[:limit]
        return page, cursor_after(*self._place(page[-1])) if len(found) > limit else None

    async def _heads(self, wanted: Wanted[T], start: str, limit: int) -> list[Head]:
        if not wanted.only:
            return await self._entities(wanted.query, start, limit)
        head = await head_of(self._store, Key(self._kind, wanted.only))
        return [] if head is None else [head]

    @transient
    async def _entities(self, query: Mapping[str, Any], after: str, limit: int) -> list[Head]:
        """The entities (as their views say) that fit, from an id on, by id."""
        asked = self._store.view(self._kind).find({**query, "_id": {"$gte": after}}).sort("_id", 1).limit(limit)
        reader = self._store.readers[self._kind]
        return [reader.head(document["_id"], document) for document in await asked.to_list()]


def by_places(project_id: str, state: str) -> dict[str, str]:
    """The query of views that list their items' `projects`, `states`, and both of one item together as `places`."""
    if project_id and state:
        return {"places": f"{project_id} {state}"}
    return {"projects": project_id} if project_id else {"states": state} if state else {}
