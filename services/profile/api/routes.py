"""HTTP routes of profile. No personal data in any path: a customer id is opaque."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel

from chassis.app import App
from chassis.pages import Page, page_of
from chassis.web import etag
from services.profile.api.customers import Customers
from services.profile.api.events import event_routes
from services.profile.api.identity import identity_routes
from services.profile.api.segment import segment_routes
from services.profile.domain.model import Customer, Mark

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]
AsOf = Annotated[AwareDatetime | None, Query(description="Only what had happened by then (fact time).")]
KnownAt = Annotated[AwareDatetime | None, Query(description="Only what had been recorded by then.")]


class MarkView(BaseModel):
    """The fact that made a value."""

    time: datetime
    source: str
    id: str
    type: str


class KindView(BaseModel):
    """How many facts of one type, the first and the last."""

    count: int
    first: MarkView
    last: MarkView


class TotalView(BaseModel):
    """A sum of money and the last fact that added to it."""

    amount: str
    currency: str
    last: MarkView


class CustomerView(BaseModel):
    """What is known of a customer, each value with the fact that made it."""

    customer_id: str
    facts: int
    kinds: dict[str, KindView]
    totals: dict[str, TotalView]
    projects: dict[str, MarkView]
    timeline: list[MarkView]


def routers(app: App) -> Sequence[APIRouter]:
    """All routes."""
    return [event_routes(app), segment_routes(app), identity_routes(app), _customers(Customers(app))]


def _customers(customers: Customers) -> APIRouter:
    router = APIRouter(prefix="/v1/customers/{customer_id}", tags=["customers"])

    @router.get("", summary="The customer, now or at any time before")
    async def customer(
        customer_id: CustomerId, response: Response, as_of: AsOf = None, known_at: KnownAt = None
    ) -> CustomerView:
        found, seq = await customers.customer(customer_id, as_of, known_at)
        response.headers.update(etag(seq))
        return _view(customer_id, found)

    @router.get("/facts", summary="Every fact, in the order applied")
    async def facts(
        customer_id: CustomerId, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
    ) -> Page[MarkView]:
        await customers.customer(customer_id)
        shown, following = page_of(await customers.facts(customer_id), limit, cursor)
        return Page(items=[_mark(fact) for fact in shown], next_cursor=following)

    return router


def _view(customer_id: str, found: Customer) -> CustomerView:
    return CustomerView(
        customer_id=customer_id,
        facts=found.facts,
        kinds={
            name: KindView(count=kind.count, first=_mark(kind.first), last=_mark(kind.last))
            for name, kind in found.kinds.items()
        },
        totals={
            name: TotalView(amount=total.amount, currency="CNY", last=_mark(total.last))
            for name, total in found.totals.items()
        },
        projects={name: _mark(mark) for name, mark in found.projects.items()},
        timeline=[_mark(mark) for mark in found.timeline],
    )


def _mark(mark: Mark | Any) -> MarkView:
    return MarkView(time=mark.time, source=mark.source, id=mark.id, type=mark.type)
