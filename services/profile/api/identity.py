"""HTTP routes of identity: who is one person. Never a value of an identifier in an answer, nor anything personal in a URL."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from chassis.app import App
from chassis.web import idempotency_key
from contracts.intake.people import IdentifierType
from services.profile.api.people import People
from services.profile.store.links import Edge

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
CALLER = "local-admin"


class MergeRequest(BaseModel, extra="forbid", strict=True):
    """The other customer that is the same person."""

    other: Id = Field(alias="with")


class UnmergeRequest(BaseModel, extra="forbid", strict=True):
    """The merge that was a mistake."""

    merge_id: Id


class MergedView(BaseModel):
    """A merge: `merged` is another name of `survivor`, or was, if it is undone."""

    merge_id: str
    merged: str
    survivor: str


class MergeView(MergedView):
    """A merge with when and why, and whether it was undone."""

    at: datetime
    reason: str
    undone: bool


class HeldView(BaseModel):
    """How many identifiers of a type a person has, by whether they were proved."""

    type: str
    verified: bool
    count: int


class SuggestionView(BaseModel):
    """Two customers who may be one person; a person must decide."""

    customer_ids: list[str]
    reason: str


class IdentityView(BaseModel):
    """Who a customer is: the id the person goes by, its other names, and why."""

    customer_id: str
    aliases: list[str]
    merges: list[MergeView]
    identifiers: list[HeldView]
    suggestions: list[SuggestionView]


class SearchRequest(BaseModel, extra="forbid", strict=True):
    """An identifier; an external one needs its issuer."""

    type: IdentifierType
    value: str = Field(min_length=1, max_length=320)
    issuer: Id | None = None


class FoundView(BaseModel):
    """The id a person goes by now."""

    customer_id: str


def identity_routes(app: App) -> APIRouter:
    """The routes of identity."""
    router = APIRouter(prefix="/v1/customers", tags=["identity"])
    people = People(app)

    @router.post("/search", summary="The customer known by an identifier")
    async def search(body: SearchRequest) -> FoundView:
        return FoundView(customer_id=await people.search(body.type, body.value, body.issuer))

    @router.get("/{customer_id}/identity", summary="Who this is: other names, merges, kinds of identifiers")
    async def identity(customer_id: CustomerId) -> IdentityView:
        return IdentityView(**await people.who(customer_id))

    @router.post("/{customer_id}/merge", summary="Say that two customers are one person")
    async def merge(customer_id: CustomerId, body: MergeRequest, key: IdempotencyKey = None) -> MergedView:
        return _merged(await people.merge(customer_id, body.other, CALLER, key))

    @router.post("/{customer_id}/unmerge", summary="Undo a merge")
    async def unmerge(customer_id: CustomerId, body: UnmergeRequest, key: IdempotencyKey = None) -> MergedView:
        return _merged(await people.unmerge(customer_id, body.merge_id, CALLER, key))

    return router


def _merged(edge: Edge) -> MergedView:
    return MergedView(merge_id=edge.merge_id, merged=edge.loser, survivor=edge.survivor)
