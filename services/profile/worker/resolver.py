"""Resolve: who is this event about? Decided once, written down, then published. `FOLD.md`, "Resolve decides once".

Safe with any number of tasks and processes, after a crash at any step, and under any repetition: claims, links, edges,
keys, vault entries and inbox rows are inserts, the first of which counts, and whoever comes second takes its word. What
is published is what the row says, byte for byte.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chassis.fold.ports import Broker
from chassis.policy import PolicyBook
from contracts.errors import Conflict, Refused
from contracts.fact import Fact
from contracts.intake.people import Contact
from services.profile.domain.ids import content_mark, mark_of
from services.profile.domain.policy import Policy
from services.profile.store.inbox import Inbox, Row
from services.profile.store.vault import Entry, Vault
from services.profile.worker.deciding import Decided, Decider
from services.profile.worker.reading import Named, named
from services.profile.worker.telling import TopicOf, journal_out


class Arrival(NamedTuple):
    """An event in its intake form, and where it was read ("" = a door)."""

    fact: Fact
    slot: str = ""
    offset: int = -1


class Outcome(NamedTuple):
    """What became of an arrival: accepted, duplicate, conflict or invalid (with why), and whose it is."""

    status: str
    error: Refused | None = None
    customer: str = ""


class Resolver:
    """Resolves batches of events."""

    def __init__(
        self,
        inbox: Inbox,
        vault: Vault,
        decider: Decider,
        broker: Broker,
        policies: PolicyBook,
        key: bytes,
        topic: TopicOf,
    ) -> None:
        self.inbox, self.vault, self.decider, self.broker = inbox, vault, decider, broker
        self.policies, self.key, self.topic = policies, key, topic

    async def resolve(self, arrivals: Sequence[Arrival], now: datetime) -> list[Outcome]:
        """Decide and publish; when this returns, every accepted event is durable and in the journal."""
        outcomes, rows = await self.decide(arrivals, now)
        await self.publish(rows)
        return outcomes

    async def decide(self, arrivals: Sequence[Arrival], now: datetime) -> tuple[list[Outcome], list[Row]]:
        """Decide; when this returns, every accepted event is durable, and its row can be published."""
        marks = [mark_of(arrival.fact.source, arrival.fact.id) for arrival in arrivals]
        rows = await self.inbox.rows(set(marks))
        fresh: dict[bytes, Arrival] = {}
        for mark, arrival in zip(marks, arrivals, strict=True):
            if mark not in rows:
                fresh.setdefault(mark, arrival)
        added = await self._settle(fresh, rows, now) if fresh else {}
        outcomes = [self._outcome(mark, arrival, rows, added) for mark, arrival in zip(marks, arrivals, strict=True)]
        wanted = dict.fromkeys(m for m, outcome in zip(marks, outcomes, strict=True) if outcome.error is None)
        return outcomes, [rows[mark] for mark in wanted]

    def _outcome(
        self, mark: bytes, arrival: Arrival, rows: Mapping[bytes, Row], added: dict[bytes, Refused | None]
    ) -> Outcome:
        row = rows.get(mark)
        if row is None:
            return Outcome("invalid", added[mark])
        if row.type != arrival.fact.type or row.content != content_mark(self.key, arrival.fact):
            return Outcome("conflict", Conflict())
        if mark in added:
            del added[mark]
            return Outcome("accepted", None, row.customer)
        return Outcome("duplicate", None, row.customer)

    async def _settle(
        self, fresh: Mapping[bytes, Arrival], rows: dict[bytes, Row], now: datetime
    ) -> dict[bytes, Refused | None]:
        """Decide what nobody has decided; puts the rows into `rows`. Returns what is new with None, or why it is not."""
        _, policy = self.policies.at(now)
        events, refused = self._read(fresh, policy)
        decided = await self.decider.decide(events, policy, now)
        refused |= decided.refused
        accepted = {mark: event for mark, event in events.items() if mark not in decided.refused}
        await self.vault.put(_entries(accepted, decided), decided.keys)
        new = [self._row(fresh[mark], event, decided.customers[mark]) for mark, event in accepted.items()]
        lost = await self.inbox.add(new)
        rows |= {row.mark: row for row in new if row.mark not in lost} | await self.inbox.rows(lost)
        return {**refused, **{row.mark: None for row in new if row.mark not in lost}}

    def _read(
        self, fresh: Mapping[bytes, Arrival], policy: Policy
    ) -> tuple[dict[bytes, Named], dict[bytes, Refused | None]]:
        events: dict[bytes, Named] = {}
        refused: dict[bytes, Refused | None] = {}
        for mark, arrival in fresh.items():
            try:
                events[mark] = named(arrival.fact, policy, self.key)
            except Refused as error:
                refused[mark] = error
        return events, refused

    def _row(self, arrival: Arrival, event: Named, customers: Mapping[Contact, str]) -> Row:
        fact = arrival.fact
        customer, out = journal_out(event, customers, self.topic)
        content = content_mark(self.key, fact)
        return Row(
            event.mark,
            fact.source,
            fact.id,
            fact.type,
            customer,
            fact.recorded_at,
            content,
            out,
            arrival.slot,
            arrival.offset,
            todo=not arrival.slot,
        )

    async def publish(self, rows: Iterable[Row]) -> None:
        """Publish what is not known to be in the journal: events of the log always, those of doors until it is noted."""
        waiting = [row for row in rows if row.slot or row.todo]
        if waiting:
            await self.broker.publish([out for row in waiting for out in row.outs])
        await self.tell_merges()
        marked = [row.mark for row in waiting if row.todo]
        if marked:
            await self.inbox.published(marked)

    async def tell_merges(self, before: datetime | None = None) -> None:
        """Publish merges and withdrawals that are not in the journal yet, whoever made them."""
        links = self.decider.binder.links
        untold = [(name, outs) for name, at, outs in await links.untold() if before is None or at < before]
        if untold:
            await self.broker.publish([out for _, outs in untold for out in outs])
            await links.told([name for name, _ in untold])

    async def sweep(self, before: datetime) -> int:
        """Publish what a process that died left behind, if it is older than a time; returns how many events."""
        rows = await self.inbox.unpublished(before)
        if rows:
            await self.broker.publish([out for row in rows for out in row.outs])
            await self.inbox.published([row.mark for row in rows])
        await self.tell_merges(before)
        return len(rows)


def _entries(events: Mapping[bytes, Named], decided: Decided) -> list[Entry]:
    return [
        Entry(mark, customer, values)
        for mark, event in events.items()
        for customer, values in event.values_of(decided.customers[mark]).items()
    ]
