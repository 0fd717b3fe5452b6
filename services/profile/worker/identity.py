"""Identity of a running process: the stores and the resolver, as the worker and the doors share them."""

from datetime import datetime
from functools import lru_cache

from chassis.app import App
from chassis.seal import read_key
from services.profile.store.claims import ClaimStore
from services.profile.store.inbox import Inbox
from services.profile.store.links import Links
from services.profile.store.vault import Vault
from services.profile.worker.binder import Binder
from services.profile.worker.deciding import Decider
from services.profile.worker.resolver import Resolver


class Identity:
    """Everything that knows who is who. Made of an app that is prepared."""

    def __init__(self, app: App) -> None:
        settings, topic = app.settings, app.definition.language.topic
        around = app.faults.around
        self.index_key = read_key(settings.index_key_file)
        self.inbox = around("resolve", Inbox(app.database))
        self.claims = around("resolve", ClaimStore(app.database))
        self.links = around("resolve", Links(app.database))
        self.vault = around("resolve", Vault(app.database, read_key(settings.kek_file)))
        self.binder = Binder(self.links, self.claims, topic)
        self.resolver = Resolver(
            self.inbox,
            self.vault,
            Decider(self.claims, self.vault, self.binder),
            around("resolve", app.broker),
            app.policies,
            self.index_key,
            topic,
        )


@lru_cache(maxsize=8)
def identity_of(app: App) -> Identity:
    """The identity of a process, made once."""
    return Identity(app)


async def unpublished(app: App) -> datetime | None:
    """When the oldest event that is not in the journal was recorded; None if all are."""
    return await identity_of(app).inbox.oldest_unpublished()
