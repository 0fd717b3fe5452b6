"""HTTP routes of profile. No personal data in any path: a customer id is opaque."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from chassis.app import App
from chassis.pages import Page, page_of
from chassis.web import etag
from services.profile.api.customers import Customers
from services.profile.api.events import event_routes
from services.profile.api.identity import identity_routes
from services.profile.api.overview import overview_routes
from services.profile.api.page import page_routes
from services.profile.api.segment import segment_routes
from services.profile.api.views import CustomerId, CustomerView, MarkView, customer_view, mark_view
from services.profile.api.webhooks import webhook_routes

AsOf = Annotated[AwareDatetime | None, Query(description="Only what had happened by then (fact time).")]
KnownAt = Annotated[AwareDatetime | None, Query(description="Only what had been recorded by then.")]


def routers(app: App) -> Sequence[APIRouter]:
    """All routes."""
    return [
        page_routes(app),
        event_routes(app),
        segment_routes(app),
        identity_routes(app),
        _customers(Customers(app)),
        overview_routes(app),
        webhook_routes(app),
    ]


def _customers(customers: Customers) -> APIRouter:
    router = APIRouter(prefix="/v1/customers/{customer_id}", tags=["customers"])

    @router.get("", summary="The customer, now or at any time before")
    async def customer(
        customer_id: CustomerId, response: Response, as_of: AsOf = None, known_at: KnownAt = None
    ) -> CustomerView:
        found, seq = await customers.customer(customer_id, as_of, known_at)
        response.headers.update(etag(seq))
        return customer_view(customer_id, found)

    @router.get("/facts", summary="Every fact, in the order applied")
    async def facts(
        customer_id: CustomerId, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
    ) -> Page[MarkView]:
        await customers.customer(customer_id)
        shown, following = page_of(await customers.facts(customer_id), limit, cursor)
        return Page(items=[mark_view(fact) for fact in shown], next_cursor=following)

    return router
