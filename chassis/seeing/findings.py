"""What `hearth doctor` can find: code, how bad, what to do. `docs/doctor.md` is made from this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

SKEW = timedelta(seconds=2)
"""So far two clocks may be apart."""


class Remedy(NamedTuple):
    """How bad it is, and what to do about it."""

    wrong: bool
    """True: something does not work. False: somebody should look at it."""
    do: str


FINDINGS: dict[str, Remedy] = {
    "service_down": Remedy(True, "start it (`make run`), or say where it is: HEARTH_ADMIN_<SERVICE>"),
    "service_not_ready": Remedy(True, "what it waits for stands beside it; its log says more"),
    "lane_stopped": Remedy(True, "let the owner send again what is missing, or accept the gap: task `accept-gap`"),
    "broker_down": Remedy(True, "start the broker, or say where it is: KAFKA_BOOTSTRAP"),
    "topic_missing": Remedy(True, "run `migrate` of the service that owns it"),
    "topic_partitions": Remedy(True, "make the topic again with the catalog's number: keys would go elsewhere"),
    "topic_unknown": Remedy(False, "nobody reads it: remove it, or put it into the catalog"),
    "index_missing": Remedy(True, "run `migrate` of this service"),
    "watermark_ahead": Remedy(
        True, "the log lost its end: delete the topic and run `migrate`; its owner sends all again"
    ),
    "watermark_gap": Remedy(True, "the log lost facts not read yet: have them sent again, or run `accept-gap`"),
    "slot_newer": Remedy(True, "a newer release has this partition: end this one, or upgrade it"),
    "clock_skew": Remedy(True, "let NTP set the clock; facts more than 5 minutes ahead are refused"),
    "clock_moved": Remedy(False, "HEARTH_CLOCK is not `real`: for demonstrations and tests only"),
    "keys_differ": Remedy(True, "give every service the same HEARTH_KEK_FILE"),
    "key_wrong": Remedy(True, "start with the key file of the time when this was sealed (HEARTH_KEK_FILE)"),
    "outbox_waits": Remedy(True, "what was written is not published: is the broker up, does a worker run?"),
    "behind": Remedy(False, "`hearth lag` says where; more workers, up to one for each partition"),
    "dead_letters": Remedy(False, "`hearth dead group`, then edit or redrive"),
    "not_asked": Remedy(False, "the database or the broker did not answer this question; ask again"),
}


def finding(code: str, where: str, says: str) -> dict[str, Any]:
    """A finding as it is shown: what, where, and what to do."""
    remedy = FINDINGS[code]
    return {"code": code, "wrong": remedy.wrong, "where": where, "says": says, "do": remedy.do}


def apart(told: datetime, before: datetime, after: datetime) -> timedelta:
    """How far another clock is certainly off: it was read some time between two looks at ours, however long that took."""
    return min(told - before, timedelta()) + max(told - after, timedelta())


def unlike(services: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Findings about services that have not the same key-encryption key."""
    marks = {each["service"]: each["keys"]["kek"] for each in services}
    if len(set(marks.values())) < 2:
        return []
    return [finding("keys_differ", "", ", ".join(f"{name} has key {mark}" for name, mark in sorted(marks.items())))]
