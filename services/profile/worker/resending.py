"""What a journal that was made again lacks: the record of every event accepted, and of every merge."""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from chassis.app import App
from chassis.fold.model import Out
from services.profile.store.inbox import Inbox
from services.profile.store.links import Links


async def said_since(app: App, since: datetime) -> AsyncIterator[Sequence[Out]]:
    """All that profile told the journal from a time on, about in the order in which it was recorded."""
    merges = deque(await Links(app.database).told_since(since))
    async for row in Inbox(app.database).recorded_since(since):
        while merges and merges[0][0] < row.recorded_at:
            yield merges.popleft()[1]
        yield row.outs
    for _, outs in merges:
        yield outs
