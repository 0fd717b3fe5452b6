"""`hearth.profile.v1.ProfileService`: the same questions as by HTTP."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.app import App
from chassis.errors import InvalidRequest
from chassis.facts import add_facts
from chassis.gate.principal import asking
from chassis.rpc import metadata
from hearth.facts.v1 import facts_pb2, facts_pb2_grpc
from hearth.profile.v1 import profile_pb2 as pb
from hearth.profile.v1 import profile_pb2_grpc
from services.profile.api.customers import Customers
from services.profile.api.overview import overview
from services.profile.api.people import People
from services.profile.domain.model import Customer


def add_servicers(app: App, server: Any) -> Sequence[str]:
    """Mount the services; returns their full names."""
    profile_pb2_grpc.add_ProfileServiceServicer_to_server(Servicer(app, Customers(app), People(app)), server)
    own = pb.DESCRIPTOR.services_by_name["ProfileService"].full_name
    return [own, add_facts(app, server, facts_pb2, facts_pb2_grpc)]


class Servicer(profile_pb2_grpc.ProfileServiceServicer):
    """Translates; everything is decided elsewhere."""

    def __init__(self, app: App, customers: Customers, people: People) -> None:
        self._app, self._customers, self._people = app, customers, people

    async def GetCustomer(self, request: Any, context: Any) -> Any:
        found, seq = await self._customers.customer(
            _id(request, "customer_id"), _moment(request, "as_of"), _moment(request, "known_at")
        )
        return _customer(request.customer_id, found, seq)

    async def Get360(self, request: Any, context: Any) -> Any:
        found = await overview(self._app, _id(request, "customer_id"))
        parts = found.parts
        return pb.Get360Response(
            customer_id=found.customer_id,
            customer=_customer(found.customer_id, found.customer, found.seq),
            leads=parts["leads"].leads if "leads" in parts else (),
            tickets=parts["tickets"].tickets if "tickets" in parts else (),
            account=parts.get("account"),
            satisfaction=parts.get("satisfaction"),
            notes=[pb.Note(service=name, reason=why) for name, why in found.notes.items()],
        )

    async def Search(self, request: Any, context: Any) -> Any:
        found = await self._people.search(request.type, request.value, request.issuer or None)
        return pb.SearchResponse(customer_id=found)

    async def Merge(self, request: Any, context: Any) -> Any:
        key = metadata(context, "idempotency-key")
        customer, other = _id(request, "customer_id"), _id(request, "with")
        edge = await self._people.merge(customer, other, asking().name, key)
        return pb.MergeResponse(merge_id=edge.merge_id, merged=edge.loser, survivor=edge.survivor)

    async def Unmerge(self, request: Any, context: Any) -> Any:
        key = metadata(context, "idempotency-key")
        customer, merge_id = _id(request, "customer_id"), _id(request, "merge_id")
        edge = await self._people.unmerge(customer, merge_id, asking().name, key)
        return pb.UnmergeResponse(merge_id=edge.merge_id, merged=edge.loser, survivor=edge.survivor)

    async def Reveal(self, request: Any, context: Any) -> Any:
        if not 5 <= len(request.reason) <= 500:
            raise InvalidRequest("reason is 5 to 500 characters", "/reason")
        found = await self._people.reveal(_id(request, "customer_id"), request.references)
        return pb.RevealResponse(
            values=[pb.Revealed(reference=name, value=_text(value)) for name, value in found.items()]
        )


def _customer(customer_id: str, found: Customer, seq: int) -> Any:
    return pb.GetCustomerResponse(
        customer_id=customer_id,
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


def _id(request: Any, field: str) -> str:
    value = getattr(request, field)
    if not 1 <= len(value) <= 64:
        raise InvalidRequest(f"{field} is 1 to 64 characters", f"/{field}")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _moment(request: Any, field: str) -> datetime | None:
    return getattr(request, field).ToDatetime(UTC) if request.HasField(field) else None


def _mark(mark: Any) -> Any:
    time = Timestamp()
    time.FromDatetime(mark.time)
    return pb.Mark(time=time, source=mark.source, id=mark.id, type=mark.type)
