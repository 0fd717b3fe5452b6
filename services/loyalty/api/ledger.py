"""HTTP routes of loyalty for those who answer for the books: examine them, sum them up, send them again."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.loyalty.api.books import Books


class PageRequest(BaseModel, extra="forbid", strict=True):
    """A page of accounts, and after the last of them of households. `after` is `next` of the answer before; without it, the
    first ones.
    """

    after: str = Field("", max_length=64, pattern=r"^[0-9a-f]*$")
    limit: int = Field(100, ge=1, le=500)


class ReEmitRequest(PageRequest):
    """The same. Nothing is sent unless `dry_run` is false."""

    dry_run: bool = True


class Wrong(BaseModel):
    """An account, or a household (then `customer_id` is its id), that is not what its ledger says."""

    customer_id: str
    problems: list[str]


class Reconciled(BaseModel):
    """Accounts, or households with their pools, examined, and what their ledgers sum up to. `next` is null when these were the
    last. `campaigns_used` is, with the first page, what budgets of campaigns say that members have: minus the sum of all pages
    on `campaign`. The sum of all pages on `transferred` is zero, but for points that are on their way.
    """

    accounts: int
    households: int
    entries: int
    sums: dict[str, int]
    wrong: list[Wrong]
    next: str | None
    campaigns_used: int


class LiabilityView(BaseModel):
    """Points that the members of a page have, or (`pooled`) the pools of households, and when they end."""

    accounts: int
    quantities: dict[str, int]
    ending: dict[str, int]
    next: str | None


class ReEmitted(BaseModel):
    """Facts that were sent again, or, in a dry run, would be."""

    accounts: int
    facts: int
    dry_run: bool
    next: str | None


def ledger(books: Books) -> APIRouter:
    """The books."""
    router = APIRouter(prefix="/v1/ledger", tags=["ledger"])

    @router.post("/reconcile", summary="Examine the books of a page of accounts, or of households")
    async def reconcile(body: PageRequest) -> Reconciled:
        found = await books.reconcile(body.after, body.limit)
        wrong = [Wrong(customer_id=name, problems=problems) for name, problems in found.wrong.items()]
        return Reconciled(
            accounts=found.accounts,
            households=found.households,
            entries=found.entries,
            sums=found.sums,
            wrong=wrong,
            next=found.following or None,
            campaigns_used=found.campaigns_used,
        )

    @router.post("/liability", summary="What a page of members has, and when it ends")
    async def owed(body: PageRequest) -> LiabilityView:
        found, accounts, following = await books.liability(body.after, body.limit)
        return LiabilityView(
            accounts=accounts, quantities=dict(found.quantities), ending=dict(found.ending), next=following or None
        )

    @router.post("/re-emit", summary="Send again what a page of accounts has published")
    async def re_emit(body: ReEmitRequest) -> ReEmitted:
        accounts, facts, following = await books.re_emit(body.after, body.limit, body.dry_run)
        return ReEmitted(accounts=accounts, facts=facts, dry_run=body.dry_run, next=following or None)

    return router
