"""HTTP routes of loyalty: questions. No personal data in any path: a customer id is opaque."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from chassis.app import App
from chassis.pages import Page, page_of
from chassis.web import etag
from services.loyalty.api import households, ledger, planning, referrals, rewards, spending, staff, transfers
from services.loyalty.api.accounts import Accounts
from services.loyalty.api.asked import CustomerId
from services.loyalty.api.books import Books
from services.loyalty.api.campaigns import Campaigns
from services.loyalty.api.catalogue import Catalogue
from services.loyalty.api.homes import Homes
from services.loyalty.api.limits import quotas
from services.loyalty.api.views import (
    AccountView,
    Explanation,
    FactExplained,
    LineView,
    LotView,
    TierView,
    account_view,
    line_view,
    lot_view,
    reason_view,
    said_view,
    tier_view,
)


def routers(app: App) -> Sequence[APIRouter]:
    """All routes."""
    accounts = Accounts(app)
    catalogue = Catalogue(app, accounts)
    return [
        _questions(accounts),
        spending.holds(accounts),
        spending.spends(accounts),
        quotas(accounts.quotas),
        staff.lots(accounts),
        staff.adjustments(accounts),
        transfers.transfers(accounts),
        referrals.referrals(accounts),
        rewards.rewards(catalogue),
        *rewards.redemptions(catalogue, accounts),
        *households.households(Homes(app, accounts), accounts),
        ledger.ledger(Books(app)),
        planning.campaigns(Campaigns(app)),
    ]


def _questions(accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/v1/accounts/{customer_id}", tags=["accounts"])

    @router.get("", summary="Balances and tier")
    async def account(customer_id: CustomerId, response: Response) -> AccountView:
        found, seq = await accounts.account(customer_id)
        response.headers.update(etag(seq))
        return account_view(customer_id, found)

    @router.get("/lots", summary="Open lots, and when they expire")
    async def lots(customer_id: CustomerId) -> Page[LotView]:
        found, _ = await accounts.account(customer_id)
        items = [lot_view(name, lot) for name, lot in found.lots.items()]
        return Page(items=items, next_cursor=None)

    @router.get("/statement", summary="All movements, in the order booked")
    async def statement(
        customer_id: CustomerId, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
    ) -> Page[LineView]:
        lines = await accounts.statement(customer_id)
        shown, following = page_of(lines, limit, cursor)
        return Page(items=[line_view(line) for line in shown], next_cursor=following)

    @router.get("/explain", summary="Why a balance is what it is")
    async def explain(
        customer_id: CustomerId, balance: Literal["active", "pending", "held", "debt", "blocked"] = "active"
    ) -> Explanation:
        reasons = await accounts.explain(customer_id, balance)
        return Explanation(
            balance=balance,
            total=sum(reason.points for reason in reasons),
            reasons=[reason_view(reason) for reason in reasons],
        )

    @router.get("/explain/fact", summary="What a fact did to the account, or why it did nothing")
    async def explain_fact(
        customer_id: CustomerId,
        source: Annotated[str, Query(max_length=200)],
        fact: Annotated[str, Query(max_length=200)],
    ) -> FactExplained:
        moved, silence = await accounts.explain_fact(customer_id, source, fact)
        said = await accounts.campaigns_on(customer_id, source, fact)
        return FactExplained(
            movements=[reason_view(reason) for reason in moved],
            silence=silence,
            campaigns=[said_view(each) for each in said],
        )

    @router.get("/tier", summary="The tier, until when it is kept, and what is missing")
    async def tier(customer_id: CustomerId) -> TierView:
        return tier_view(*await accounts.standing(customer_id))

    return router
