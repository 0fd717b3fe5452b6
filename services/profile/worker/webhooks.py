"""Webhooks of Hearth: which facts may be subscribed to, and what a subscriber is sent."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from chassis.app import App
from chassis.store.webhooks import WebhookStore
from chassis.webhooks.follow import Follower
from chassis.webhooks.guard import networks_of
from chassis.webhooks.post import Poster
from chassis.webhooks.running import Said, Webhooks
from contracts.catalog import JOURNAL, TOPICS, TYPES
from contracts.envelope import decode, encode, event_type
from contracts.errors import Refused
from contracts.topics import named

FOLLOWED = tuple(name for name in TOPICS if name == JOURNAL or name.startswith("crm.fact."))
"""The journal and what each service says: references stand in these for everything personal."""

SUBSCRIBABLE = frozenset(
    name for name, entry in TYPES.items() if entry.topic in FOLLOWED and entry.keyed_by == "customer_id"
)


def webhooks_of(app: App) -> Webhooks:
    """The webhooks of a worker, not started."""
    settings: Any = app.settings

    def follow(handle: Any) -> Follower:
        topics = [named(topic, settings.namespace) for topic in FOLLOWED]
        connection = {"bootstrap.servers": settings.kafka_bootstrap, **settings.security()}
        return Follower(connection, settings.named("hearth.webhooks"), topics, handle, settings.session_timeout)

    poster = Poster(networks_of(settings.webhook_networks), settings.webhook_ca_file)
    return Webhooks(WebhookStore(app.database), app.seal, poster, said, follow)


def said(record: Any) -> Said | None:
    """A record of the log (a Kafka message) as a structured CloudEvent; None of what nobody may subscribe to, or of what
    is not acceptable and becomes a dead letter of whoever folds it. The message's id is made of the fact's source and id.
    """
    headers = record.headers() or []
    if event_type(headers, None) not in SUBSCRIBABLE:
        return None
    try:
        fact = decode(record.key(), record.value(), headers, record.timestamp()[1])
    except Refused:
        return None
    sent = encode(fact)
    event = {name[3:]: value.decode() for name, value in sent.headers if name.startswith("ce_")}
    body = msgspec.json.encode(event | {"datacontenttype": "application/json", "data": msgspec.Raw(sent.value)})
    return Said(str(uuid5(NAMESPACE_URL, f"{fact.source} {fact.id}")), fact.type, fact.subject, body)
