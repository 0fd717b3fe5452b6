"""Two kinds of entities beside accounts: campaigns with their budgets, and what they give for single deals."""

from typing import Any

from chassis.fold.model import Kind
from services.loyalty.domain.bonuses import NO_BONUS, Bonus
from services.loyalty.domain.budgets import NO_CAMPAIGN, Budgeted


def searched(budgeted: Budgeted) -> dict[str, Any]:
    """The fields of the view that lists search."""
    return {"status": budgeted.state, "left": budgeted.left}


def searched_bonus(bonus: Bonus) -> dict[str, Any]:
    """The same of a bonus."""
    return {"campaign": bonus.campaign_id}


CAMPAIGN = Kind("campaign", "campaigns", Budgeted, lambda _id: NO_CAMPAIGN, searched)
BONUS = Kind("bonus", "bonuses", Bonus, lambda _id: NO_BONUS, searched_bonus)
KINDS = {"campaign": CAMPAIGN, "bonus": BONUS}
