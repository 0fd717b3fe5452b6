"""Campaigns as both doors ask for them: drafted, simulated, scheduled, ended. Nothing here knows HTTP or gRPC."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from chassis.app import App
from chassis.commands import command_id
from chassis.errors import InvalidRequest
from chassis.fold.bringing import facts_of
from chassis.fold.doors import Command
from chassis.fold.model import Head, Key
from chassis.store.seeing import again
from contracts.fact import Effect, Fact
from services.loyalty.api.books import place
from services.loyalty.domain import commands
from services.loyalty.domain.budgets import Budgeted
from services.loyalty.domain.campaign import Campaign, Running, check_campaign
from services.loyalty.domain.campaign_errors import TooManyCampaigns, UnknownCampaign
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.simulating import Gain, as_if, simulate
from services.loyalty.policy.conditions import compile_condition
from services.loyalty.store.published import publish_campaigns
from services.loyalty.timers.due import SOURCE
from services.loyalty.worker.table import RULES

NOTICE = timedelta(seconds=30)
"""So long before it is in force a campaign is published: every worker has looked by then."""
LATE = timedelta(days=60)
"""So long after its end a campaign is still asked, by facts that come late."""
MOST_CAMPAIGNS = 50
YEAR = timedelta(days=365)


class Simulated(NamedTuple):
    """A page of accounts simulated: how many, who would get what, points by day (in the company's time zone), where to go on."""

    accounts: int
    members: Mapping[str, int]
    earnings: int
    days: Mapping[str, int]
    budget: int
    following: str


class Campaigns:
    """The campaigns of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def draft(self, campaign: Campaign, caller: str, key: str | None) -> tuple[str, int]:
        """Write a campaign down; returns its id and version. Raises what is wrong with it."""
        _check(campaign)
        name = command_id(f"{caller} {commands.DraftCampaign.TYPE}", key)
        _, seq = await self._carry_out(name, name, commands.DraftCampaign(campaign), None)
        return name, seq

    async def command(
        self, campaign_id: str, data: Any, caller: str, key: str | None, expected: int | None = None
    ) -> tuple[dict[str, Any], int]:
        """Carry out a command on a campaign; returns the answer and the version. What was scheduled comes into force with the
        policy, what was ended goes out of it; both are done again when the command is repeated.
        """
        if isinstance(data, commands.DraftCampaign):
            _check(data.campaign)
        found, _ = await self.campaign(campaign_id)
        name = command_id(f"{caller} {data.TYPE} {campaign_id}", key)
        if isinstance(data, commands.ScheduleCampaign):
            self._refuse_too_many(campaign_id)
        answer, seq = await self._carry_out(campaign_id, name, data, expected)
        if isinstance(data, commands.ScheduleCampaign) and found.state != "ENDED":
            answer["in_force_from"] = await self._publish(campaign_id, found.campaign)
        if isinstance(data, commands.EndCampaign):
            await self._publish(campaign_id, None)
        return answer, seq

    async def campaign(self, campaign_id: str) -> tuple[Budgeted, int]:
        """A campaign and its version; raises `UnknownCampaign`."""
        key = Key("campaign", campaign_id)
        head = (await self._app.store.heads([key])).get(key)
        if head is None or head.state.campaign is None:
            raise UnknownCampaign("it was never drafted", "/campaign_id")
        return head.state, head.seq

    async def listed(self, after: str, limit: int) -> tuple[list[Head], str]:
        """A page of campaigns, and where to go on ("" = these were the last)."""
        found = await again.entities(self._app.store, "campaign", place(after), limit)
        heads = await again.newest(self._app.store, found.keys)
        return [heads[key] for key in found.keys if heads[key].state.campaign], found.after

    def now(self) -> datetime:
        """The service's time."""
        return self._app.clock.now()

    async def simulate(
        self, campaign_id: str, after: str, limit: int, since: datetime | None, until: datetime | None
    ) -> Simulated:
        """What a page of accounts would have got of a campaign between two times (without them: the last 365 days), by their
        own facts; nothing is written.
        """
        found, _ = await self.campaign(campaign_id)
        assert found.campaign is not None
        until = until or self.now()
        since = since or until - YEAR
        if since >= until:
            raise InvalidRequest("since is before until", "/since")
        campaign = as_if(found.campaign, since, until)
        running = Running(campaign_id, campaign, compile_condition(campaign.condition))

        async def gains(key: Key) -> list[Gain]:
            return await self._gains(key, running)

        looked = await again.look(self._app.store, "account", place(after), limit, gains)
        some = {key.id: each for key, each in looked.found.items() if each}
        return self._summed(len(looked.found), some, campaign.budget, looked.after)

    async def _gains(self, key: Key, running: Running) -> list[Gain]:
        """Of one account; one that is merged into another has nothing of its own."""
        head = (await self._app.store.heads([key])).get(key)
        if head is None or head.ties.into is not None:
            return []
        facts: Any = await facts_of(self._app.store, self._app.folder, key)
        return await asyncio.to_thread(simulate, facts, running, self._policy_at, apply_rule)

    def _summed(self, accounts: int, gains: Mapping[str, list[Gain]], budget: int, following: str) -> Simulated:
        zone = self._policy_at(self.now()).zone(None)
        days = Counter[str]()
        for each in (gain for found in gains.values() for gain in found):
            days[f"{each.time.astimezone(zone):%Y-%m-%d}"] += each.points
        members = {name: sum(each.points for each in found) for name, found in gains.items()}
        earnings = sum(each.points > 0 for found in gains.values() for each in found)
        return Simulated(accounts, members, earnings, dict(sorted(days.items())), budget, following)

    def _policy_at(self, moment: datetime) -> Policy:
        return self._app.policies.at(moment)[1]

    async def _carry_out(
        self, campaign_id: str, name: str, data: Any, expected: int | None
    ) -> tuple[dict[str, Any], int]:
        now = self.now()
        fact = Fact(SOURCE, name, data.TYPE, campaign_id, now, now, data)
        done = await self._app.commands.execute(Key("campaign", campaign_id), Command(fact, expected))
        return msgspec.msgpack.decode(done.answer), done.seq

    def _refuse_too_many(self, campaign_id: str) -> None:
        now = self.now()
        others = [each for each in self._policy_at(now + NOTICE).campaigns if each.id != campaign_id]
        if len([each for each in others if each.campaign.ends > now - LATE]) >= MOST_CAMPAIGNS:
            raise TooManyCampaigns(f"at most {MOST_CAMPAIGNS} campaigns are in force; end one")

    async def _publish(self, campaign_id: str, campaign: Campaign | None) -> datetime:
        """Let accounts ask the campaign, or ask it no longer. Campaigns that are over for long are forgotten."""
        now = self.now()

        def change(published: Mapping[str, Any]) -> dict[str, Any]:
            kept = {name: each for name, each in published.items() if msgspec.convert(each, Campaign).ends > now - LATE}
            if campaign is None:
                return {name: each for name, each in kept.items() if name != campaign_id}
            return {**kept, campaign_id: msgspec.json.decode(msgspec.json.encode(campaign))}

        return await publish_campaigns(self._app.database, change, now + NOTICE)


def _check(campaign: Campaign) -> None:
    """Refuse what cannot be a campaign, or asks what is no condition."""
    check_campaign(campaign)
    compile_condition(campaign.condition)


def apply_rule(account: Account, fact: Fact, policy: Policy) -> tuple[Account, Any]:
    """An account after a fact, by the rule of the table, and what it would say."""
    effects: tuple[Account, list[Effect]] = RULES[fact.type].apply(account, fact, fact.recorded_at, policy)  # type: ignore[assignment]
    return effects


def campaign_from(document: Mapping[str, Any]) -> Campaign:
    """The campaign that a request states; raises `InvalidRequest` naming the field."""
    try:
        campaign = msgspec.convert(dict(document), Campaign)
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error)) from None
    times = {"starts": campaign.starts.astimezone(UTC), "ends": campaign.ends.astimezone(UTC)}
    return msgspec.structs.replace(campaign, **times)
