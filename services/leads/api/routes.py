"""HTTP routes of leads. No personal data in any path: ids are opaque."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from chassis.app import App
from chassis.gate.principal import asking
from chassis.pages import Page
from chassis.web import etag, idempotency_key
from contracts.facts.pipeline import LeadState
from services.leads.api.leads import Leads
from services.leads.domain.deals import Deal
from services.leads.domain.model import Event, Touch
from services.leads.domain.pipeline import Lead

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]
LeadId = Annotated[str, Path(min_length=1, max_length=64, description="The lead's id, or an earlier id of it.")]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Filter = Annotated[str, Query(max_length=64)]


class TouchView(BaseModel):
    """Interest captured: when, where, by which campaign."""

    time: datetime
    channel: str
    campaign_source: str | None
    campaign_medium: str | None
    campaign_name: str | None
    source: str
    id: str


class EventView(BaseModel):
    """A contact or visit: contacted, scheduled, completed or missed. `effective`: the customer was reached, or came."""

    time: datetime
    kind: str
    effective: bool
    source: str
    id: str


class DealView(BaseModel):
    """A deal of the lead; amounts in CNY. `cancelled_at` once it is cancelled in full."""

    deal_id: str
    stage: str
    price: str | None
    cancelled: str
    cancelled_at: datetime | None


class LeadView(BaseModel):
    """A lead and the facts that made it. `reason` says why it is lost; `code` is for people."""

    lead_id: str
    code: str
    customer_id: str
    project_id: str
    state: LeadState
    reason: str | None
    origin: str
    opened_at: datetime
    lost_at: datetime | None
    agent_id: str | None
    touches: list[TouchView]
    events: list[EventView]
    deals: list[DealView]


class Accepted(BaseModel):
    """What became of a lead that was sent in: a fact, to be followed at `follow`."""

    source: str
    id: str
    follow: str


def routers(app: App) -> Sequence[APIRouter]:
    """All routes."""
    return [_leads(Leads(app)), _customers(Leads(app))]


def _leads(leads: Leads) -> APIRouter:
    router = APIRouter(prefix="/v1/leads", tags=["leads"])

    @router.get("", summary="Leads by project, state, customer")
    async def found(
        project_id: Filter = "",
        state: LeadState | None = None,
        customer_id: Filter = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, Query(max_length=300)] = None,
    ) -> Page[LeadView]:
        page, following = await leads.search(limit, cursor, project_id, state or "", customer_id)
        return Page(items=[_view(each.customer_id, each.lead) for each in page], next_cursor=following)

    @router.get("/{lead_id}", summary="A lead, and the facts that made it")
    async def lead(lead_id: LeadId, response: Response) -> LeadView:
        one = await leads.lead(lead_id)
        response.headers.update(etag(one.seq))
        return _view(one.customer_id, one.lead)

    @router.post(
        "", status_code=202, summary="Take a lead in: the data of crm.lead.captured.v1 as outside systems send it"
    )
    async def capture(request: Request, response: Response, key: IdempotencyKey = None) -> Accepted:
        source, name = await leads.capture(await request.body(), asking().name, key)
        follow = f"/v1/events?source={source}&id={name}"
        response.headers["Location"] = follow
        return Accepted(source=source, id=name, follow=follow)

    return router


def _customers(leads: Leads) -> APIRouter:
    router = APIRouter(prefix="/v1/customers/{customer_id}/leads", tags=["leads"])

    @router.get("", summary="All leads of a customer")
    async def of_customer(customer_id: CustomerId, response: Response) -> Page[LeadView]:
        found, seq = await leads.of_customer(customer_id)
        response.headers.update(etag(seq))
        return Page(items=[_view(customer_id, lead) for lead in found], next_cursor=None)

    return router


def _view(customer_id: str, lead: Lead) -> LeadView:
    return LeadView(
        lead_id=lead.id,
        code=lead.code,
        customer_id=customer_id,
        project_id=lead.project_id,
        state=lead.state,
        reason="cancelled" if lead.state == "LOST" else None,
        origin=lead.origin,
        opened_at=lead.opened_at,
        lost_at=lead.lost_at,
        agent_id=lead.agent_id or None,
        touches=[_touch(touch) for touch in lead.touches],
        events=[_event(event) for event in lead.events],
        deals=[_deal(deal) for deal in lead.deals],
    )


def _touch(touch: Touch) -> TouchView:
    return TouchView(
        time=touch.time,
        channel=touch.channel,
        campaign_source=touch.campaign_source or None,
        campaign_medium=touch.medium or None,
        campaign_name=touch.campaign or None,
        source=touch.source,
        id=touch.id,
    )


def _event(event: Event) -> EventView:
    return EventView(time=event.time, kind=event.kind, effective=event.real, source=event.source, id=event.id)


def _deal(deal: Deal) -> DealView:
    return DealView(
        deal_id=deal.id,
        stage=deal.stage,
        price=yuan(deal.price) if deal.price >= 0 else None,
        cancelled=yuan(deal.cancelled),
        cancelled_at=deal.ended.time if deal.ended else None,
    )


def yuan(fen: int) -> str:
    """Fen as decimal CNY with two digits."""
    return f"{fen // 100}.{fen % 100:02}"
