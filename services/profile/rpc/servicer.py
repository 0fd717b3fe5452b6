"""`hearth.profile.v1.ProfileService`: the same questions as by HTTP."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.app import App
from chassis.errors import InvalidRequest
from hearth.profile.v1 import profile_pb2 as pb
from hearth.profile.v1 import profile_pb2_grpc
from services.profile.api.customers import Customers


def add_servicers(app: App, server: Any) -> Sequence[str]:
    """Mount the service; returns its full name."""
    profile_pb2_grpc.add_ProfileServiceServicer_to_server(Servicer(Customers(app)), server)
    return [pb.DESCRIPTOR.services_by_name["ProfileService"].full_name]


class Servicer(profile_pb2_grpc.ProfileServiceServicer):
    """Translates; everything is decided elsewhere."""

    def __init__(self, customers: Customers) -> None:
        self._customers = customers

    async def GetCustomer(self, request: Any, context: Any) -> Any:
        if not 1 <= len(request.customer_id) <= 64:
            raise InvalidRequest("customer_id is 1 to 64 characters", "/customer_id")
        found, seq = await self._customers.customer(
            request.customer_id, _moment(request, "as_of"), _moment(request, "known_at")
        )
        return pb.GetCustomerResponse(
            customer_id=request.customer_id,
            version=seq,
            facts=found.facts,
            kinds=[
                pb.Kind(type=name, count=kind.count, first=_mark(kind.first), last=_mark(kind.last))
                for name, kind in found.kinds.items()
            ],
            totals=[
                pb.Total(name=name, amount=total.amount, currency="CNY", last=_mark(total.last))
                for name, total in found.totals.items()
            ],
            timeline=[_mark(mark) for mark in found.timeline],
        )


def _moment(request: Any, field: str) -> datetime | None:
    return getattr(request, field).ToDatetime(UTC) if request.HasField(field) else None


def _mark(mark: Any) -> Any:
    time = Timestamp()
    time.FromDatetime(mark.time)
    return pb.Mark(time=time, source=mark.source, id=mark.id, type=mark.type)
