"""What a campaign would give, and why it gave or did not: an account's facts once more, through the very rules, into nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.campaigns import CampaignClaimed, CampaignGranted, CampaignRequested, EarningKind
from services.loyalty.domain.campaign import Campaign, Running, Verdict, grant_id_of
from services.loyalty.domain.claiming import verdicts
from services.loyalty.domain.merging import replay
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.domain.policy import Policy

Apply = Callable[[Account, Fact, Policy], tuple[Account, Sequence[Effect]]]
"""The rule of a fact, applied."""
PolicyAt = Callable[[datetime], Policy]


class Gain(NamedTuple):
    """Points that a campaign would have given (or, negative, got back) by a fact of this time."""

    time: datetime
    points: int


class Answered(NamedTuple):
    """What a campaign said of a fact and why, the points it was asked for, and what it gave; None: it was not asked, or has not
    answered yet.
    """

    campaign_id: str
    why: str
    asked: int
    given: int | None


def simulate(facts: Sequence[Fact], running: Running, policy_at: PolicyAt, apply: Apply) -> list[Gain]:
    """What a member would have got if the campaign had been the only one, with a budget without end."""
    gains: list[Gain] = []
    told: dict[str, int] = {}

    def step(account: Account, fact: Fact) -> Account:
        policy = replace(policy_at(fact.recorded_at), campaigns=(running,))
        after, effects = apply(account, fact, policy)
        gains.extend(Gain(fact.time, points) for effect in effects if (points := _points(effect.data, told)))
        return after

    replay(EMPTY, facts, step)
    return gains


def as_if(campaign: Campaign, since: datetime, until: datetime) -> Campaign:
    """The campaign, had it been between these times."""
    return replace(campaign, starts=since, ends=until)


def answers_to(facts: Sequence[Fact], source: str, fact_id: str, policy_at: PolicyAt, apply: Apply) -> list[Answered]:
    """What the campaigns that were in force said of a fact of this account, and gave for it."""
    found: list[Answered] = []
    heard = [each.data for each in facts if isinstance(each.data, CampaignGranted)]
    given = {each.grant_id: each for each in sorted(heard, key=lambda each: each.number)}

    def step(account: Account, fact: Fact) -> Account:
        policy = policy_at(fact.recorded_at)
        after = apply(account, fact, policy)[0]
        counted = after is not account and (fact.source, fact.id) == (source, fact_id)
        if counted and (earned := _earned(fact, policy)):
            about = (fact.data.deal_id,) if earned[0] == "deal" else (source, fact_id)
            for each in verdicts(account, fact, *earned, policy):
                found.append(_answered(each, earned[1], given.get(grant_id_of(each.campaign_id, *about))))
        return after

    replay(EMPTY, facts, step)
    return found


def _answered(verdict: Verdict, earned: int, granted: CampaignGranted | None) -> Answered:
    asked = verdict.points(earned)
    if granted is None or not asked:
        return Answered(verdict.campaign_id, verdict.why, asked, None)
    return Answered(verdict.campaign_id, granted.why, asked, granted.points)


def _points(said: Any, told: dict[str, int]) -> int:
    if isinstance(said, CampaignRequested):
        return said.points
    if isinstance(said, CampaignClaimed):
        before = told.get(said.deal_id, 0)
        told[said.deal_id] = said.points
        return said.points - before
    return 0


def _earned(fact: Fact, policy: Policy) -> tuple[EarningKind, int] | None:
    """What kind of earning a fact is, and what it earns by itself."""
    if fact.type == "crm.deal.signed.v1":
        return "deal", int(fact.data.price.decimal * 100) // (100 * policy.yuan_per_point)
    once: dict[str, tuple[EarningKind, int]] = {
        "crm.visit.completed.v1": ("visit", policy.visit_points),
        "crm.survey.answered.v1": ("survey", policy.survey_points),
        "crm.suggestion.accepted.v1": ("suggestion", policy.suggestion_points),
    }
    return once.get(fact.type)
