"""A customer's 360: what profile knows, and what the others answer in one hop; partial while one of them is down."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.app import App
from services.profile.api.customers import Customers
from services.profile.api.people import People
from services.profile.api.views import CustomerId, CustomerView, customer_view
from services.profile.domain.model import Customer
from services.profile.rpc.peers import Peers, plain


class Overview(NamedTuple):
    """Everything known of a customer: profile's part with its version, the peers' answers, who did not answer and why."""

    customer_id: str
    customer: Customer
    seq: int
    parts: Mapping[str, Any]
    notes: Mapping[str, str]


class NoteView(BaseModel):
    """A service that did not answer: its part is missing."""

    service: str
    reason: str


class OverviewView(BaseModel):
    """What all services know of a customer. What is null or empty is not there, unless a note names its service."""

    customer_id: str
    customer: CustomerView
    leads: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    account: dict[str, Any] | None
    satisfaction: dict[str, Any] | None
    notes: list[NoteView]


async def overview(app: App, customer_id: str) -> Overview:
    """The 360 of whoever this id stands for now. Raises `UnknownCustomer`."""
    root = await People(app).root(customer_id)
    customer, seq = await Customers(app).customer(root)
    async with Peers(app) as peers:
        parts, notes = await peers.about(root)
    return Overview(root, customer, seq, parts, notes)


def overview_view(found: Overview) -> OverviewView:
    """The 360 as HTTP shows it."""
    parts = {name: plain(message) for name, message in found.parts.items()}
    return OverviewView(
        customer_id=found.customer_id,
        customer=customer_view(found.customer_id, found.customer),
        leads=parts.get("leads", {}).get("leads", []),
        tickets=parts.get("tickets", {}).get("tickets", []),
        account=parts.get("account"),
        satisfaction=parts.get("satisfaction"),
        notes=[NoteView(service=name, reason=why) for name, why in found.notes.items()],
    )


def overview_routes(app: App) -> APIRouter:
    """The route of the 360."""
    router = APIRouter(prefix="/v1/customers/{customer_id}", tags=["customers"])

    @router.get("/360", summary="What all services know of a customer; partial while one does not answer")
    async def of_customer(customer_id: CustomerId) -> OverviewView:
        return overview_view(await overview(app, customer_id))

    return router
