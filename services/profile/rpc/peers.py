"""Asking the other services: one hop, one second, and no answer is an answer too."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from grpc import StatusCode, aio

from chassis.facts import Place
from chassis.seeing.calls import client_interceptors
from hearth.facts.v1 import facts_pb2 as pb
from hearth.facts.v1 import facts_pb2_grpc
from hearth.leads.v1 import leads_pb2, leads_pb2_grpc
from hearth.loyalty.v1 import loyalty_pb2, loyalty_pb2_grpc
from hearth.service_tickets.v1 import service_tickets_pb2 as tickets_pb2
from hearth.service_tickets.v1 import service_tickets_pb2_grpc as tickets_pb2_grpc
from services.profile.api.accepting import shown
from services.profile.store.inbox import Row

DEADLINE = 1.0
MOST = 20
"""So many leads and tickets are shown of a customer."""


class Peers:
    """The other services, by the addresses of their gRPC doors; `async with` holds the connections."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses
        self._channels: dict[str, aio.Channel] = {}
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for name, address in self.addresses.items():
            self._channels[name] = await self._closing.enter_async_context(
                aio.insecure_channel(address, interceptors=client_interceptors())
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    async def ask(self, peer: str, row: Row) -> Mapping[str, Any]:
        """Where an event is in a peer; `unavailable` if it does not say."""
        request = pb.GetFactRequest(key=row.customer, source=row.source, id=row.id, type=row.type)
        try:
            found = await facts_pb2_grpc.FactsServiceStub(self._channels[peer]).GetFact(request, timeout=DEADLINE)
        except aio.AioRpcError as error:
            return shown(Place("unavailable", reason=error.code().name.lower()))
        state = pb.GetFactResponse.State.Name(found.state).removeprefix("STATE_").lower()
        return shown(Place(state, found.seq, tuple((one.type, one.id) for one in found.caused), found.reason))

    async def about(self, customer: str) -> tuple[dict[str, Message], dict[str, str]]:
        """What the peers know of a customer (account, leads, tickets, satisfaction), and who did not answer, with why.

        A peer that knows nothing of the customer has answered: its part is absent.
        """
        leads = leads_pb2_grpc.LeadsServiceStub(self._channels["leads"])
        accounts = loyalty_pb2_grpc.LoyaltyServiceStub(self._channels["loyalty"])
        tickets = tickets_pb2_grpc.ServiceTicketsServiceStub(self._channels["service_tickets"])
        asked = (
            ("leads", "leads", leads.ListLeads, leads_pb2.ListLeadsRequest(customer_id=customer, page_size=MOST)),
            ("account", "loyalty", accounts.GetAccount, loyalty_pb2.GetAccountRequest(customer_id=customer)),
            (
                "tickets",
                "service_tickets",
                tickets.ListTickets,
                tickets_pb2.ListTicketsRequest(customer_id=customer, page_size=MOST),
            ),
            (
                "satisfaction",
                "service_tickets",
                tickets.GetSatisfaction,
                tickets_pb2.GetSatisfactionRequest(customer_id=customer),
            ),
        )
        answers = await asyncio.gather(*(_answer(call, request) for _, _, call, request in asked))
        parts = {part: found for (part, *_), (found, _) in zip(asked, answers, strict=True) if found is not None}
        notes = {peer: why for (_, peer, *_), (_, why) in zip(asked, answers, strict=True) if why}
        return parts, notes


async def _answer(call: Any, request: Message) -> tuple[Message | None, str]:
    """The answer, or why there is none; that there is nothing is no reason."""
    try:
        return await call(request, timeout=DEADLINE), ""
    except aio.AioRpcError as error:
        return None, "" if error.code() is StatusCode.NOT_FOUND else error.code().name.lower()


def plain(message: Message) -> dict[str, Any]:
    """An answer as JSON has it by HTTP: fields that are not set too, whole numbers as numbers."""
    found = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return {field.name: _counted(field, found.get(field.name)) for field in message.DESCRIPTOR.fields}


def _counted(field: Any, value: Any) -> Any:
    """protobuf writes whole numbers of 64 bits as text."""
    if isinstance(value, list):
        return [_counted(field, each) for each in value]
    if isinstance(value, dict):
        below = {each.name: each for each in field.message_type.fields}
        return {name: _counted(below[name], each) for name, each in value.items()}
    return int(value) if isinstance(value, str) and field.cpp_type == field.CPPTYPE_INT64 else value
