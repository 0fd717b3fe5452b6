"""Asking the other services how far a fact is: one hop, one second, and no answer is an answer too."""

from collections.abc import Mapping
from typing import Any

from grpc import aio

from chassis.facts import Place
from hearth.facts.v1 import facts_pb2 as pb
from hearth.facts.v1 import facts_pb2_grpc
from services.profile.api.accepting import shown
from services.profile.store.inbox import Row

DEADLINE = 1.0


class Peers:
    """The other services, by the addresses of their gRPC doors."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses

    async def ask(self, peer: str, row: Row) -> Mapping[str, Any]:
        """Where an event is in a peer; `unavailable` if it does not say."""
        request = pb.GetFactRequest(key=row.customer, source=row.source, id=row.id, type=row.type)
        async with aio.insecure_channel(self.addresses[peer]) as channel:
            try:
                found = await facts_pb2_grpc.FactsServiceStub(channel).GetFact(request, timeout=DEADLINE)
            except aio.AioRpcError as error:
                return shown(Place("unavailable", reason=error.code().name.lower()))
        state = pb.GetFactResponse.State.Name(found.state).removeprefix("STATE_").lower()
        return shown(Place(state, found.seq, tuple((one.type, one.id) for one in found.caused), found.reason))
