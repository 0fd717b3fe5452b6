"""`hearth.service_tickets.v1.ServiceTicketsService`: the same questions and commands as by HTTP."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.app import App
from chassis.errors import InvalidRequest
from chassis.facts import add_facts
from chassis.gate.principal import asking
from chassis.pages import page_size
from chassis.rpc import metadata
from contracts.fields import ID_PATTERN
from hearth.facts.v1 import facts_pb2, facts_pb2_grpc
from hearth.service_tickets.v1 import service_tickets_pb2 as pb
from hearth.service_tickets.v1 import service_tickets_pb2_grpc
from services.service_tickets.api.tickets import Found, Tickets
from services.service_tickets.domain import commands

CODE = r"[a-z][a-z0-9_]{0,39}"


def add_servicers(app: App, server: Any) -> Sequence[str]:
    """Mount the services; returns their full names."""
    service_tickets_pb2_grpc.add_ServiceTicketsServiceServicer_to_server(Servicer(Tickets(app)), server)
    own = pb.DESCRIPTOR.services_by_name["ServiceTicketsService"].full_name
    return [own, add_facts(app, server, facts_pb2, facts_pb2_grpc)]


class Servicer(service_tickets_pb2_grpc.ServiceTicketsServiceServicer):
    """Translates; everything is decided elsewhere."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    async def GetTicket(self, request: Any, context: Any) -> Any:
        return pb.GetTicketResponse(ticket=_ticket(await self._tickets.ticket(_named(request, "ticket_id"))))

    async def ListTickets(self, request: Any, context: Any) -> Any:
        size = page_size(request.page_size)
        named = (request.project_id, request.state, request.customer_id)
        found, following = await self._tickets.search(size, request.page_token or None, *named)
        return pb.ListTicketsResponse(tickets=[_ticket(each) for each in found], next_page_token=following or "")

    async def RespondTicket(self, request: Any, context: Any) -> Any:
        data = commands.RespondTicket(_named(request, "ticket_id"), _agent(request))
        return pb.RespondTicketResponse(**await self._carry_out(request, context, data))

    async def ResolveTicket(self, request: Any, context: Any) -> Any:
        outcome = request.outcome or None
        if outcome and not re.fullmatch(CODE, outcome):
            raise InvalidRequest("outcome is a snake_case word of at most 40 characters", "/outcome")
        data = commands.ResolveTicket(_named(request, "ticket_id"), _agent(request), outcome)
        return pb.ResolveTicketResponse(**await self._carry_out(request, context, data))

    async def GetSatisfaction(self, request: Any, context: Any) -> Any:
        as_of = request.as_of.ToDatetime(UTC) if request.HasField("as_of") else None
        found, seq = await self._tickets.satisfaction(_named(request, "customer_id"), as_of)
        return pb.GetSatisfactionResponse(
            as_of=_timestamp(found.as_of),
            stated=_score(found.stated),
            overall=_score(found.overall),
            observations=[_part(part) for part in found.parts],
            version=seq,
        )

    async def _carry_out(self, request: Any, context: Any, data: Any) -> dict[str, Any]:
        key, expected = metadata(context, "idempotency-key"), request.expected_version or None
        answer, done = await self._tickets.command(data, asking().name, key, expected)
        return {"at": _timestamp(answer["at"]), "late": answer["late"], "version": done.seq}


def _named(request: Any, field: str) -> str:
    value = getattr(request, field)
    if not 1 <= len(value) <= 64:
        raise InvalidRequest(f"{field} is 1 to 64 characters", f"/{field}")
    return value


def _agent(request: Any) -> str | None:
    if request.agent_id and not re.match(ID_PATTERN, request.agent_id):
        raise InvalidRequest("agent_id is 1 to 64 letters, digits or ._:~-", "/agent_id")
    return request.agent_id or None


def _ticket(found: Found) -> Any:
    ticket = found.ticket
    return pb.Ticket(
        ticket_id=ticket.ticket_id,
        code=ticket.code,
        customer_id=found.customer_id,
        kind=ticket.kind,
        state=ticket.state,
        raised_at=_timestamp(ticket.time),
        first_response=_clock(ticket.first_response),
        resolution=_clock(ticket.resolution),
        case_id=ticket.case_id,
        about_kind=ticket.about[0],
        about_id=ticket.about[1],
        project_id=ticket.project,
        agent_id=ticket.agent,
        outcome=ticket.outcome,
        version=found.seq,
    )


def _clock(clock: Any) -> Any:
    return pb.Clock(state=clock.state, due_at=_timestamp(clock.due_at), met_at=_timestamp(clock.met_at))


def _score(score: Any) -> Any:
    return pb.Score(score=score.score, confidence=score.confidence, n_eff=score.n_eff)


def _part(part: Any) -> Any:
    own = part.observation
    named = {"kind": own.kind, "stage": own.stage, "source": own.source, "id": own.id}
    return pb.Observation(time=_timestamp(own.time), x=part.x, weight=part.weight, weight_now=part.now, **named)


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    made = Timestamp()
    made.FromDatetime(moment)
    return made
