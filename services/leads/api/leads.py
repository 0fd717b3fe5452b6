"""Questions about leads, and leads coming in, as both doors ask them. Nothing here knows HTTP or gRPC."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from chassis.app import App
from chassis.commands import command_id
from chassis.fold.bringing import head_of
from chassis.fold.model import Head, Key, Out
from chassis.seeing.tracing import origin
from chassis.store.lists import Listing, Wanted, by_places
from contracts.envelope import encode
from contracts.errors import Rejected
from contracts.fact import Fact
from contracts.intake.envelope import UNRESOLVED
from contracts.intake.forms import LEAD
from contracts.intake.leads import LeadCaptured
from contracts.rejection import rejection_of
from services.leads.domain.errors import UnknownLead, UnknownLeadBook
from services.leads.domain.pipeline import Lead, leads_of
from services.leads.timers.due import SOURCE


class Found(NamedTuple):
    """A lead, whose it is, and the version of the customer's book it was read from."""

    customer_id: str
    lead: Lead
    seq: int


class Leads:
    """The leads of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def _listing(self) -> Listing[Found]:
        return Listing(self._app.store, "book", _leads, _place)

    async def lead(self, lead_id: str) -> Found:
        """A lead by its id, or by another id it was known by; raises `UnknownLead`."""
        key = await self._listing.holder({"lead_ids": lead_id})
        if key is not None:
            for found in _leads(await self._head(key.id)):
                if lead_id in found.lead.ids:
                    return found
        raise UnknownLead

    async def of_customer(self, customer_id: str) -> tuple[list[Lead], int]:
        """All leads of a customer and the version of the book; raises `UnknownLeadBook`."""
        head = await self._head(customer_id)
        return leads_of(head.state), head.seq

    async def search(
        self, limit: int, cursor: str | None, project_id: str = "", state: str = "", customer_id: str = ""
    ) -> tuple[list[Found], str | None]:
        """A page of the leads that fit all that is given, by customer, and the cursor of the next page.

        Lists are read from views, which follow the facts within a second.
        """

        def fits(found: Found) -> bool:
            return project_id in ("", found.lead.project_id) and state in ("", found.lead.state)

        return await self._listing.page(Wanted(by_places(project_id, state), fits, customer_id), limit, cursor)

    async def capture(self, raw: bytes, caller: str, key: str | None) -> tuple[str, str]:
        """Take a lead in: check the JSON of `crm.lead.captured.v1` in its intake form and publish it.

        Returns the fact's source and id, which the caller's idempotency key makes: sent again it is the same fact,
        with other content profile sets it aside as a conflict. Raises `Rejected` with a pointer to what is wrong.
        """
        name = command_id(f"{caller} {LeadCaptured.TYPE}", key)
        data = _decoded(raw)
        now = self._app.clock.now()
        record = encode(Fact(SOURCE, name, LeadCaptured.TYPE, UNRESOLVED, now, now, data, origin()))
        topic = self._app.definition.language.topic(LEAD)
        await self._app.broker.publish([Out(name, 0, topic, name.encode(), record.value, tuple(record.headers))])
        return SOURCE, name

    async def _head(self, customer_id: str) -> Head:
        found = await self._newest(customer_id)
        if found is None:
            raise UnknownLeadBook("no fact about a lead of this customer has been applied yet")
        return found

    async def _newest(self, customer_id: str) -> Head | None:
        return await head_of(self._app.store, Key("book", customer_id))


def _leads(head: Head) -> Iterator[Found]:
    for lead in sorted(leads_of(head.state), key=lambda each: each.id):
        yield Found(head.key.id, lead, head.seq)


def _place(found: Found) -> tuple[str, str]:
    return found.customer_id, found.lead.id


def _decoded(raw: bytes) -> Any:
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        wrong: Rejected = rejection_of(error, raw, "")
        raise wrong from None


_decode = msgspec.json.Decoder(LeadCaptured).decode
