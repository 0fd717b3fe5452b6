"""HTTP routes of service_tickets. No personal data in any path: ids are opaque."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.app import App
from chassis.gate.principal import asking
from chassis.pages import Page
from chassis.web import etag, expected_version, idempotency_key
from contracts.facts.tickets import TicketState
from contracts.fields import ID_PATTERN
from services.service_tickets.api.tickets import Tickets
from services.service_tickets.api.views import SatisfactionView, TicketView, satisfaction_view, ticket_view
from services.service_tickets.domain import commands

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]
TicketId = Annotated[str, Path(min_length=1, max_length=64, description="The ticket's id.")]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Expected = Annotated[int | None, Depends(expected_version)]
Filter = Annotated[str, Query(max_length=64)]
ID = ID_PATTERN.replace(r"(?!\n)", "")
CODE = r"^[a-z][a-z0-9_]{0,39}$"


class Answering(BaseModel, extra="forbid", strict=True):
    """Who answered. No text: what is said to a customer is free text, which this service does not keep."""

    agent_id: str | None = Field(None, pattern=ID)


class Resolving(BaseModel, extra="forbid", strict=True):
    """Who settled the matter, and how, as a short word such as repaired or explained."""

    agent_id: str | None = Field(None, pattern=ID)
    outcome: str | None = Field(None, pattern=CODE)


class Done(BaseModel):
    """What was done with a ticket, when, and whether that was later than promised."""

    ticket_id: str
    at: datetime
    late: bool


def routers(app: App) -> Sequence[APIRouter]:
    """All routes."""
    return [_questions(Tickets(app)), _commands(Tickets(app)), _customers(Tickets(app))]


def _questions(tickets: Tickets) -> APIRouter:
    router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

    @router.get("", summary="Tickets by project, state, customer")
    async def found(
        project_id: Filter = "",
        state: TicketState | None = None,
        customer_id: Filter = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, Query(max_length=300)] = None,
    ) -> Page[TicketView]:
        page, following = await tickets.search(limit, cursor, project_id, state or "", customer_id)
        return Page(items=[ticket_view(each) for each in page], next_cursor=following)

    @router.get("/{ticket_id}", summary="A ticket and its clocks")
    async def ticket(ticket_id: TicketId, response: Response) -> TicketView:
        one = await tickets.ticket(ticket_id)
        response.headers.update(etag(one.seq))
        return ticket_view(one)

    return router


def _commands(tickets: Tickets) -> APIRouter:
    router = APIRouter(prefix="/v1/tickets/{ticket_id}", tags=["tickets"])

    async def carried_out(data: Any, response: Response, key: str | None, expected: int | None) -> Done:
        answer, done = await tickets.command(data, asking().name, key, expected)
        response.headers.update(etag(done.seq))
        return Done(**answer)

    @router.post("/respond", summary="The customer was answered for the first time, now")
    async def respond(
        ticket_id: TicketId,
        response: Response,
        body: Answering | None = None,
        key: IdempotencyKey = None,
        expected: Expected = None,
    ) -> Done:
        data = commands.RespondTicket(ticket_id, body.agent_id if body else None)
        return await carried_out(data, response, key, expected)

    @router.post("/resolve", summary="The matter is settled, now")
    async def resolve(
        ticket_id: TicketId,
        response: Response,
        body: Resolving | None = None,
        key: IdempotencyKey = None,
        expected: Expected = None,
    ) -> Done:
        who, how = (body.agent_id, body.outcome) if body else (None, None)
        return await carried_out(commands.ResolveTicket(ticket_id, who, how), response, key, expected)

    return router


def _customers(tickets: Tickets) -> APIRouter:
    router = APIRouter(prefix="/v1/customers/{customer_id}", tags=["tickets"])

    @router.get("/tickets", summary="The tickets of a customer: all open ones, the resolved last")
    async def of_customer(customer_id: CustomerId, response: Response) -> Page[TicketView]:
        found, seq = await tickets.of_customer(customer_id)
        response.headers.update(etag(seq))
        return Page(items=[ticket_view(each) for each in found], next_cursor=None)

    @router.get("/satisfaction", summary="How satisfied a customer is, now or at another time, and why")
    async def satisfaction(
        customer_id: CustomerId,
        response: Response,
        as_of: Annotated[
            AwareDatetime | None, Query(description="Of what had happened by then, decayed to then.")
        ] = None,
    ) -> SatisfactionView:
        found, seq = await tickets.satisfaction(customer_id, as_of)
        response.headers.update(etag(seq))
        return satisfaction_view(customer_id, found)

    return router
