"""HTTP routes of loyalty for marketing: campaigns are drafted, simulated, scheduled, paused, ended."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.gate.principal import asking
from chassis.pages import Page
from chassis.web import etag
from contracts.facts.campaigns import EarningKind
from contracts.facts.loyalty import Tier
from services.loyalty.api.asked import Asking
from services.loyalty.api.campaigns import Campaigns, campaign_from
from services.loyalty.api.ledger import PageRequest
from services.loyalty.domain import commands
from services.loyalty.domain.budgets import Budgeted

CampaignId = Annotated[str, Path(min_length=1, max_length=64, description="The campaign's id.")]


class TierValueView(BaseModel, extra="forbid"):
    """What members of the tiers from `lowest` to `highest` get instead."""

    lowest: Tier
    highest: Tier
    bonus: int = Field(0, ge=0, le=10**9)
    percent: int = Field(0, ge=0, le=10**9)


class CampaignRequest(BaseModel, extra="forbid"):
    """What a campaign promises: `bonus` points for each earning of the kind, or `percent` of its points (100 doubles them),
    between two times, never more than `budget` in all. `condition` is CEL (docs/campaigns.md); empty is always.
    """

    name: str = Field(min_length=1, max_length=80)
    kind: EarningKind
    starts: AwareDatetime
    ends: AwareDatetime
    budget: int = Field(0, ge=0, le=10**12)
    bonus: int = Field(0, ge=0, le=10**9)
    percent: int = Field(0, ge=0, le=10**9)
    tiers: list[TierValueView] = Field([], max_length=5)
    condition: str = Field("", max_length=1000)
    when_short: Literal["partial", "whole"] = "partial"


class CampaignView(CampaignRequest):
    """A campaign, and what is left of its budget. `exhausted_at`: the time of the fact that took the last point."""

    campaign_id: str
    state: str
    used: int
    left: int
    refused: int
    grants: int
    exhausted_at: datetime | None


class CampaignChanged(BaseModel):
    """A campaign after a command. A scheduled one is asked for facts recorded from `in_force_from` on."""

    campaign_id: str
    state: str
    left: int
    in_force_from: datetime | None = None


class SimulationRequest(PageRequest):
    """A page of accounts; between two times, without them the last 365 days."""

    since: AwareDatetime | None = Field(None, strict=False)
    until: AwareDatetime | None = Field(None, strict=False)


class SimulationView(BaseModel):
    """What members of a page would have got, by member and by day; the budget is not applied: sum up all pages first."""

    accounts: int
    earnings: int
    cost: int
    members: dict[str, int]
    days: dict[str, int]
    budget: int
    next: str | None


def campaigns(owned: Campaigns) -> APIRouter:
    """Campaigns: draft, change a draft, read, list, simulate, schedule, pause, resume, end."""
    router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])
    _questions(router, owned)

    @router.post("", status_code=201, summary="Draft a campaign")
    async def draft(body: CampaignRequest, asked: Asking) -> CampaignChanged:
        campaign = campaign_from(body.model_dump(mode="json"))
        name, seq = await owned.draft(campaign, asking().name, asked.key)
        asked.response.headers.update(etag(seq))
        return CampaignChanged(campaign_id=name, state="DRAFT", left=campaign.budget)

    @router.put("/{campaign_id}", summary="Change a draft")
    async def redraft(campaign_id: CampaignId, body: CampaignRequest, asked: Asking) -> CampaignChanged:
        data = commands.DraftCampaign(campaign_from(body.model_dump(mode="json")))
        return await _carry_out(owned, campaign_id, data, asked)

    for verb, command, summary in (
        ("schedule", commands.ScheduleCampaign, "Let a draft come into force"),
        ("pause", commands.PauseCampaign, "Grant nothing until it is resumed"),
        ("resume", commands.ResumeCampaign, "Grant points again"),
        ("end", commands.EndCampaign, "Grant nothing more"),
    ):
        router.post(f"/{{campaign_id}}/{verb}", summary=summary, name=verb)(_carried_out(owned, command))
    return router


def _carried_out(owned: Campaigns, command: type) -> Callable[..., Awaitable[CampaignChanged]]:
    async def carry_out(campaign_id: CampaignId, asked: Asking) -> CampaignChanged:
        return await _carry_out(owned, campaign_id, command(), asked)

    return carry_out


async def _carry_out(owned: Campaigns, campaign_id: str, data: Any, asked: Any) -> CampaignChanged:
    answer, seq = await owned.command(campaign_id, data, asking().name, asked.key, asked.expected)
    asked.response.headers.update(etag(seq))
    return CampaignChanged(**answer)


def _questions(router: APIRouter, owned: Campaigns) -> None:
    @router.get("", summary="Campaigns")
    async def listed(
        limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: Annotated[str, Query(max_length=64)] = ""
    ) -> Page[CampaignView]:
        heads, following = await owned.listed(cursor, limit)
        items = [_view(head.key.id, head.state, owned.now()) for head in heads]
        return Page(items=items, next_cursor=following or None)

    @router.get("/{campaign_id}", summary="A campaign and its budget")
    async def campaign(campaign_id: CampaignId, response: Response) -> CampaignView:
        found, seq = await owned.campaign(campaign_id)
        response.headers.update(etag(seq))
        return _view(campaign_id, found, owned.now())

    @router.post("/{campaign_id}/simulate", summary="What a page of members would have got")
    async def simulate(campaign_id: CampaignId, body: SimulationRequest) -> SimulationView:
        found = await owned.simulate(campaign_id, body.after, body.limit, body.since, body.until)
        return SimulationView(
            accounts=found.accounts,
            earnings=found.earnings,
            cost=sum(found.members.values()),
            members=dict(found.members),
            days=dict(found.days),
            budget=found.budget,
            next=found.following or None,
        )


def _view(campaign_id: str, found: Budgeted, now: datetime) -> CampaignView:
    own = found.campaign
    assert own is not None
    tiers = [TierValueView(lowest=t.lowest, highest=t.highest, bonus=t.bonus, percent=t.percent) for t in own.tiers]
    named = {name: getattr(own, name) for name in CampaignRequest.model_fields if name != "tiers"}
    counts = {name: getattr(found, name) for name in ("used", "left", "refused", "grants", "exhausted_at")}
    return CampaignView(campaign_id=campaign_id, state=found.shown(now), tiers=tiers, **named, **counts)
