"""The part of `LoyaltyService` that is about campaigns."""

from typing import Any

from chassis.errors import InvalidRequest
from chassis.gate.principal import asking
from chassis.pages import page_size
from chassis.rpc import metadata
from hearth.loyalty.v1 import loyalty_pb2 as pb
from services.loyalty.api.campaigns import Campaigns, campaign_from
from services.loyalty.domain import commands
from services.loyalty.domain.budgets import Budgeted
from services.loyalty.domain.campaign import Campaign
from services.loyalty.rpc.messages import many, moment, named, timestamp

NUMBERS = ("used", "left", "refused", "grants")


class CampaignDoors:
    """Translates; everything is decided elsewhere."""

    _campaigns: Campaigns

    async def ListCampaigns(self, request: Any, context: Any) -> Any:
        heads, following = await self._campaigns.listed(request.page_token, page_size(request.page_size))
        found = [self._status(head.key.id, head.state) for head in heads]
        return pb.ListCampaignsResponse(campaigns=found, next_page_token=following)

    async def GetCampaign(self, request: Any, context: Any) -> Any:
        name = named(request, "campaign_id")
        found, seq = await self._campaigns.campaign(name)
        return pb.GetCampaignResponse(campaign=self._status(name, found), version=seq)

    async def DraftCampaign(self, request: Any, context: Any) -> Any:
        key = metadata(context, "idempotency-key")
        campaign_id, seq = await self._campaigns.draft(_promised(request.campaign), asking().name, key)
        return pb.DraftCampaignResponse(campaign_id=campaign_id, version=seq)

    async def UpdateCampaign(self, request: Any, context: Any) -> Any:
        answer, seq = await self._told(request, context, commands.DraftCampaign(_promised(request.campaign)))
        return pb.UpdateCampaignResponse(state=answer["state"], left=answer["left"], version=seq)

    async def SimulateCampaign(self, request: Any, context: Any) -> Any:
        since, until = moment(request, "since"), moment(request, "until")
        found = await self._campaigns.simulate(
            named(request, "campaign_id"), request.after, many(request), since, until
        )
        return pb.SimulateCampaignResponse(
            accounts=found.accounts,
            earnings=found.earnings,
            cost=sum(found.members.values()),
            members=found.members,
            days=found.days,
            budget=found.budget,
            next=found.following,
        )

    async def ScheduleCampaign(self, request: Any, context: Any) -> Any:
        answer, seq = await self._told(request, context, commands.ScheduleCampaign())
        since = timestamp(answer["in_force_from"]) if "in_force_from" in answer else None
        return pb.ScheduleCampaignResponse(state=answer["state"], left=answer["left"], version=seq, in_force_from=since)

    async def PauseCampaign(self, request: Any, context: Any) -> Any:
        answer, seq = await self._told(request, context, commands.PauseCampaign())
        return pb.PauseCampaignResponse(state=answer["state"], left=answer["left"], version=seq)

    async def ResumeCampaign(self, request: Any, context: Any) -> Any:
        answer, seq = await self._told(request, context, commands.ResumeCampaign())
        return pb.ResumeCampaignResponse(state=answer["state"], left=answer["left"], version=seq)

    async def EndCampaign(self, request: Any, context: Any) -> Any:
        answer, seq = await self._told(request, context, commands.EndCampaign())
        return pb.EndCampaignResponse(state=answer["state"], left=answer["left"], version=seq)

    async def _told(self, request: Any, context: Any, data: Any) -> tuple[dict[str, Any], int]:
        key, expected = metadata(context, "idempotency-key"), request.expected_version or None
        return await self._campaigns.command(named(request, "campaign_id"), data, asking().name, key, expected)

    def _status(self, campaign_id: str, found: Budgeted) -> Any:
        own = found.campaign
        assert own is not None
        words = {
            name: getattr(own, name)
            for name in ("name", "kind", "budget", "bonus", "percent", "condition", "when_short")
        }
        tiers = [pb.TierValue(lowest=t.lowest, highest=t.highest, bonus=t.bonus, percent=t.percent) for t in own.tiers]
        promised = pb.Campaign(starts=timestamp(own.starts), ends=timestamp(own.ends), tiers=tiers, **words)
        return pb.CampaignStatus(
            campaign_id=campaign_id,
            campaign=promised,
            state=found.shown(self._campaigns.now()),
            exhausted_at=timestamp(found.exhausted_at) if found.exhausted_at else None,
            **{name: getattr(found, name) for name in NUMBERS},
        )


def _promised(asked: Any) -> Campaign:
    """The campaign that a request states; raises `InvalidRequest` naming the field."""
    if not (asked.HasField("starts") and asked.HasField("ends")):
        raise InvalidRequest("a campaign starts and ends", "/campaign/starts")
    words = {name: getattr(asked, name) for name in ("name", "kind", "budget", "bonus", "percent", "condition")}
    times = {name: moment(asked, name) for name in ("starts", "ends")}
    tiers = [{name: getattr(each, name) for name in ("lowest", "highest", "bonus", "percent")} for each in asked.tiers]
    return campaign_from({**words, **times, "tiers": tiers, "when_short": asked.when_short or "partial"})
