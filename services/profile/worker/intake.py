"""The Kafka door of intake: records of `crm.intake.*` are resolved; what is not acceptable becomes a dead letter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.app import App
from chassis.fold.batch import record_bytes
from chassis.fold.ports import Dead
from chassis.seeing.kafka import origin_of
from contracts.errors import Refused
from contracts.fact import beginning
from contracts.intake.envelope import decode_intake
from services.profile.domain.ids import cause_of
from services.profile.worker.identity import identity_of
from services.profile.worker.resolver import Arrival


class Intake:
    """`chassis.fold.relay.Handler` for events from outside."""

    def __init__(self, app: App) -> None:
        self._app, self._resolver = app, identity_of(app).resolver

    async def handle(self, slot: str, records: Sequence[Any]) -> Sequence[Dead]:
        """Resolve the records of a slot; returns those that no repetition can make acceptable."""
        now = self._app.clock.now()
        arrivals: dict[int, Arrival] = {}
        dead: list[Dead] = []
        for place, record in enumerate(records):
            try:
                fact = decode_intake(record.value, record.headers, now)
                arrivals[place] = Arrival(beginning(fact, origin_of(record.headers)), slot, record.offset)
            except Refused as error:
                dead.append(self._dead(slot, record, error, now))
        outcomes = await self._resolver.resolve(list(arrivals.values()), now)
        for place, outcome in zip(arrivals, outcomes, strict=True):
            if outcome.error is not None:
                fact = arrivals[place].fact
                named = self._dead(slot, records[place], outcome.error, now)
                dead.append(named._replace(type=fact.type, fact=cause_of(fact)))
        return dead

    def _dead(self, slot: str, record: Any, error: Refused, now: datetime) -> Dead:
        """The record's key may be anything, a phone too: it stays in the log."""
        type_ = self._app.definition.language.type_of(record.headers, record.value) or ""
        known = type_ if self._app.definition.language.knows(type_) else ""
        kept = record_bytes(record)
        return Dead(slot, record.offset, error.code, error.pointer, error.detail, known, "", "", now, kept)
