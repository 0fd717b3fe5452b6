"""Asking the other services: one hop, one second, and no answer is an answer too."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from grpc import aio

from chassis.facts import Place
from hearth.facts.v1 import facts_pb2 as pb
from hearth.facts.v1 import facts_pb2_grpc
from services.profile.api.accepting import shown
from services.profile.store.inbox import Row

DEADLINE = 1.0


class Peers:
    """The other services, by the addresses of their gRPC doors; `async with` holds the connections."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses
        self._channels: dict[str, aio.Channel] = {}
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for name, address in self.addresses.items():
            self._channels[name] = await self._closing.enter_async_context(aio.insecure_channel(address))
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
