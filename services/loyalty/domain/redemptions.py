"""Redemptions read back: what one is now, how it came to that, and whether account, ledger and reward agree. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from contracts.fact import Fact
from contracts.facts.loyalty import Cause, Movement, PointsCorrected
from contracts.facts.rewards import RedemptionChanged, RewardRedeemed
from services.loyalty.domain.model import GOING_ON, Account, Redemption
from services.loyalty.domain.reward import Reward
from services.loyalty.domain.rewards import holds_piece
from services.loyalty.domain.statement import SENTENCES, Reason, reason_of

PAID = ("CONFIRMED", "FULFILLING", "DELIVERED")
"""States in which its points are spent."""


class Step(NamedTuple):
    """A state that a redemption came to, when, why, and the fact and policy behind it."""

    state: str
    at: datetime
    why: str
    sentence: str
    policy_version: str
    cause: Cause


def told(account: Account, redemption_id: str) -> dict[str, Any]:
    """What doors tell of a redemption that the account knows; `until` says when a HELD one is released by itself."""
    redemption, hold = account.redemptions[redemption_id], account.holds.get(redemption_id)
    return {
        "redemption_id": redemption_id,
        "reward_id": redemption.reward,
        "points": redemption.points,
        "state": redemption.state,
        "at": redemption.at,
        "until": hold.until if hold else None,
    }


def steps_of(facts: Iterable[Fact], redemption_id: str) -> list[Step]:
    """The states that a redemption came to, as the account made them known."""
    return [_step(each, each.data) for each in facts if _names(each, redemption_id)]


def points_of(facts: Sequence[Fact], redemption_id: str) -> list[Reason]:
    """The movements of points for a redemption: those of its hold and spend, and what its steps moved besides."""
    causes = {step.cause for step in steps_of(facts, redemption_id)}
    moved = (each.data for each in facts if isinstance(each.data, Movement))
    return [
        reason_of(each) for each in moved if _hold(each) == redemption_id or (not _hold(each) and each.cause in causes)
    ]


def disagreements(account: Account, facts: Sequence[Fact], rewards: Mapping[str, Reward]) -> list[str]:
    """What is wrong between an account's redemptions, its holds and spends, its ledger, and the rewards, as far as these are
    given. A ledger that a merge has corrected tells of balances only.
    """
    wrong = [f"hold {name} is of no redemption that is HELD" for name in _strays(account)]
    corrected = any(isinstance(each.data, PointsCorrected) for each in facts)
    paid = {} if corrected else _paid(facts)
    for name, each in account.redemptions.items():
        due = each.points if each.state in PAID else 0
        if not corrected and paid.get(name, 0) != due:
            wrong.append(f"redemption {name} is {each.state}, and the ledger says that {paid.get(name, 0)} were spent")
        wrong += [f"redemption {name} is {each.state} and has {what}" for what in _lacks(account, name, each, rewards)]
    return wrong


def _strays(account: Account) -> Iterator[str]:
    for name, hold in account.holds.items():
        known = account.redemptions.get(name)
        if hold.reward and (known is None or known.state != "HELD" or known.reward != hold.reward):
            yield name


def _lacks(account: Account, name: str, each: Redemption, rewards: Mapping[str, Reward]) -> Iterator[str]:
    hold, spend, reward = account.holds.get(name), account.spends.get(name), rewards.get(each.reward)
    if (each.state == "HELD") != (hold is not None and hold.points == each.points):
        yield "another hold" if hold else "no hold"
    if spend and (each.state not in PAID or spend.points != each.points):
        yield "another spend"
    if reward and each.state in GOING_ON and each.state in PAID and not holds_piece(reward, name):
        yield "no piece of its reward"


def _paid(facts: Iterable[Fact]) -> dict[str, int]:
    """Points spent and not refunded, by hold."""
    paid: dict[str, int] = {}
    for moved in (each.data for each in facts if isinstance(each.data, Movement)):
        points = sum(entry.points for entry in moved.entries if entry.account == "redeemed")
        paid[_hold(moved)] = paid.get(_hold(moved), 0) + points
    return paid


def _hold(moved: Movement) -> str:
    return getattr(moved, "hold_id", "")


def _names(fact: Fact, redemption_id: str) -> bool:
    return isinstance(fact.data, RedemptionChanged | RewardRedeemed) and fact.data.redemption_id == redemption_id


def _step(fact: Fact, said: Any) -> Step:
    state, why = ("CONFIRMED", "reward_redeemed") if isinstance(said, RewardRedeemed) else (said.state, said.why)
    return Step(state, fact.time, why, SENTENCES.get(why, why), said.policy_version, said.cause)
