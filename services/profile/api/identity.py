"""HTTP routes of identity: who is one person. Never a value of an identifier in an answer, nor anything personal in a URL."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from chassis.app import App
from chassis.gate.principal import asking
from chassis.web import idempotency_key
from contracts.intake.people import IdentifierType
from services.profile.api.people import People
from services.profile.store.links import Edge

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Id = Annotated[str, Field(min_length=1, max_length=64)]


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


class PersonalValue(BaseModel):
    """A value of a field class as the caller may see it, and the reference under which `reveal` gives it in clear."""

    reference: str
    class_: str = Field(alias="class")
    value: Any


class PersonalView(BaseModel):
    """What is known of a person."""

    customer_id: str
    values: list[PersonalValue]


class RevealRequest(BaseModel, extra="forbid", strict=True):
    """Which values, and why: the reason is kept in the audit log."""

    references: list[str] = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=5, max_length=500)


class RevealedView(BaseModel):
    """Values in clear, by reference; those that are not there, or not this customer's, are absent."""

    customer_id: str
    values: dict[str, Any]


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
        return _merged(await people.merge(customer_id, body.other, asking().name, key))

    @router.post("/{customer_id}/unmerge", summary="Undo a merge")
    async def unmerge(customer_id: CustomerId, body: UnmergeRequest, key: IdempotencyKey = None) -> MergedView:
        return _merged(await people.unmerge(customer_id, body.merge_id, asking().name, key))

    @router.get("/{customer_id}/personal", summary="What is known of a person, masked as the caller may see it")
    async def personal(customer_id: CustomerId) -> PersonalView:
        who, table = asking(), app.gate.table
        found = await people.personal(customer_id, lambda class_: table.shown(who, class_))
        return PersonalView(
            customer_id=customer_id, values=[PersonalValue(**{"class": f["class"]}, **_rest(f)) for f in found]
        )

    @router.post("/{customer_id}/reveal", summary="Personal values in clear, for a reason; it is written down")
    async def reveal(customer_id: CustomerId, body: RevealRequest) -> RevealedView:
        found = await people.reveal(customer_id, body.references)
        return RevealedView(customer_id=customer_id, values=found)

    return router


def _rest(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "class"}


def _merged(edge: Edge) -> MergedView:
    return MergedView(merge_id=edge.merge_id, merged=edge.loser, survivor=edge.survivor)
