"""Questions about tickets and satisfaction and commands on tickets, as both doors ask them. Nothing here knows HTTP."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from chassis.app import App
from chassis.commands import command_id
from chassis.fold.bringing import head_of
from chassis.fold.doors import Command, Done
from chassis.fold.model import Head, Key
from chassis.store.lists import Listing, Wanted, by_places
from contracts.fact import Fact
from services.service_tickets.domain.errors import UnknownCaseFile, UnknownTicket
from services.service_tickets.domain.model import Ticket
from services.service_tickets.domain.observations import observations
from services.service_tickets.domain.satisfaction import Satisfaction, satisfaction
from services.service_tickets.timers.due import SOURCE


class Found(NamedTuple):
    """A ticket, whose it is, and the version of the customer's file it was read from."""

    customer_id: str
    ticket: Ticket
    seq: int


class Tickets:
    """The tickets of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def _listing(self) -> Listing[Found]:
        return Listing(self._app.store, "file", _tickets, _place)

    async def ticket(self, ticket_id: str) -> Found:
        """A ticket; raises `UnknownTicket`."""
        head = await self._head((await self._key_of(ticket_id)).id)
        ticket = head.state.tickets.get(ticket_id)
        if ticket is None:
            raise UnknownTicket
        return Found(head.key.id, ticket, head.seq)

    async def of_customer(self, customer_id: str) -> tuple[list[Found], int]:
        """The tickets of a customer by the time raised, and the version of the file; raises `UnknownCaseFile`."""
        head = await self._head(customer_id)
        return sorted(_tickets(head), key=lambda found: (found.ticket.time, found.ticket.ticket_id)), head.seq

    async def search(
        self, limit: int, cursor: str | None, project_id: str = "", state: str = "", customer_id: str = ""
    ) -> tuple[list[Found], str | None]:
        """A page of the tickets that fit all that is given, by customer, and the cursor of the next page.

        Lists are read from views, which follow the facts within a second.
        """

        def fits(found: Found) -> bool:
            return project_id in ("", found.ticket.project) and state in ("", found.ticket.state)

        return await self._listing.page(Wanted(by_places(project_id, state), fits, customer_id), limit, cursor)

    async def satisfaction(self, customer_id: str, as_of: datetime | None = None) -> tuple[Satisfaction, int]:
        """The score at a time (None: now) under the policy in force then, and the version; raises `UnknownCaseFile`."""
        head = await self._head(customer_id)
        moment = as_of or self._app.clock.now()
        return satisfaction(observations(head.state), moment, self._app.policies.at(moment)[1]), head.seq

    async def command(
        self, data: Any, caller: str, key: str | None, expected: int | None = None
    ) -> tuple[dict[str, Any], Done]:
        """Carry out a command under the caller's idempotency key; returns the answer and how it was done."""
        now = self._app.clock.now()
        name = command_id(f"{caller} {data.TYPE} {data.ticket_id}", key)
        entity = await self._key_of(data.ticket_id)
        fact = Fact(SOURCE, name, data.TYPE, entity.id, now, now, data)
        done = await self._app.commands.execute(entity, Command(fact, expected))
        return msgspec.msgpack.decode(done.answer), done

    async def _key_of(self, ticket_id: str) -> Key:
        key = await self._listing.holder({"ticket_ids": ticket_id})
        if key is None:
            raise UnknownTicket
        return key

    async def _head(self, customer_id: str) -> Head:
        found = await self._newest(customer_id)
        if found is None:
            raise UnknownCaseFile("no complaint, request or answer of this customer has been applied yet")
        return found

    async def _newest(self, customer_id: str) -> Head | None:
        return await head_of(self._app.store, Key("file", customer_id))


def _tickets(head: Head) -> Iterator[Found]:
    for _, ticket in sorted(head.state.tickets.items()):
        yield Found(head.key.id, ticket, head.seq)


def _place(found: Found) -> tuple[str, str]:
    return found.customer_id, found.ticket.ticket_id
