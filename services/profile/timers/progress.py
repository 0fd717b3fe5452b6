"""Progress: profile tells every journal partition up to what time all intake has been read, once a second.

Timers of all services fire only up to that time, so nothing fires on facts that still wait, and a quiet partition does
not stand still. While facts are published straight to the journal, nothing can wait before it: the time is now.
"""

from datetime import datetime

from chassis.app import App
from chassis.fold.model import Due, Key
from contracts.envelope import encode
from contracts.fact import Fact
from contracts.facts.operations import Progress

SOURCE = "/hearth/profile"
KEY = "progress"


async def say_progress(app: App) -> None:
    """Write one progress record into each journal partition that this worker owns."""
    assert app.worker is not None
    now = app.clock.now()
    for topic, partition in list(app.worker.lanes):
        if topic == app.definition.journal:
            fact = Fact(SOURCE, f"{partition}-{now.isoformat()}", Progress.TYPE, KEY, now, now, Progress(up_to=now))
            record = encode(fact)
            await app.broker.send_to(topic, partition, record.key, record.value, record.headers)


def make_due(key: Key, due: Due, now: datetime) -> Fact:
    """Customers wait for nothing yet."""
    raise NotImplementedError(f"no timer of kind {due.name} exists for {key.kind}")
