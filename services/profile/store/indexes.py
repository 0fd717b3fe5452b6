"""The indexes that identity and webhooks need, beside `_id`."""

from chassis.service import Index

TODO = {"todo": 1}
WAITING = {"state": "waiting"}

INDEXES = (
    Index("claims", (("customer", 1),)),
    Index("inbox", (("recorded_at", 1),), TODO),
    Index("inbox", (("recorded_at", -1),)),
    Index("inbox", (("slot", 1), ("o", 1)), {"slot": {"$gt": ""}}),
    Index("vault", (("customer", 1),)),
    Index("links", (("loser", 1),), {"loser": {"$gt": ""}}),
    Index("links", (("survivor", 1),), {"survivor": {"$gt": ""}}),
    Index("links", (("merge_id", 1),), {"merge_id": {"$gt": ""}}),
    Index("links", (("ends", 1),)),
    Index("links", (("cause", 1),), {"merge_id": {"$gt": ""}}),
    Index("links", (("via", 1),), {"via": {"$exists": True}}),
    Index("links", (("at", 1),), TODO),
    Index("deliveries", (("next_at", 1),), WAITING),
    Index("deliveries", (("webhook", 1), ("key", 1), ("n", 1)), WAITING),
    Index("deliveries", (("webhook", 1), ("n", 1))),
)
