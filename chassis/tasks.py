"""Tasks that every service has: `python -m services.<name> task NAME`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chassis.fold.restore import accept_gap, finalize, rebuild_views, renew

if TYPE_CHECKING:
    from chassis.app import App


async def after_restore(app: App, _arguments: Sequence[str]) -> int:
    """Make a restored database safe to start on. Workers must be stopped. Prints what was done."""
    epoch = await renew(app.store)
    views = await rebuild_views(app.store)
    print(json.dumps({"epoch": epoch, "views": views}))
    return 0


async def rebuild(app: App, _arguments: Sequence[str]) -> int:
    """Drop all views and make them again from the chains. Prints how many."""
    print(json.dumps({"views": await rebuild_views(app.store)}))
    return 0


async def accept(app: App, arguments: Sequence[str]) -> int:
    """Accept that facts are gone: `accept-gap SLOT OFFSET` moves a slot to where its log begins."""
    slot, offset = arguments
    mark = await accept_gap(app.store, slot, int(offset))
    print(json.dumps({"slot": slot, "settled": mark.settled}))
    return 0


async def finish_upgrade(app: App, _arguments: Sequence[str]) -> int:
    """After a rolling upgrade: forbid older releases to take this service's slots. Prints how many slots were raised."""
    print(json.dumps({"raised": await finalize(app.store, app.definition.table)}))
    return 0


COMMON = {"finalize": finish_upgrade, "after-restore": after_restore, "rebuild-views": rebuild, "accept-gap": accept}
