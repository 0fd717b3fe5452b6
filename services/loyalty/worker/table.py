"""Fact or command → entity → rule."""

from typing import Any

from chassis.fold.merging import merging_rules
from chassis.fold.model import Rule
from contracts.fact import Fact
from services.loyalty.domain import (
    adjusting,
    blocking,
    bonuses,
    budgets,
    claiming,
    deals,
    earning,
    holds,
    households,
    joining,
    pooling,
    pools,
    quotas,
    redeeming,
    redemptions,
    referral,
    refunds,
    rewards,
    submitting,
    timers,
    transfers,
)
from services.loyalty.domain.household import Household
from services.loyalty.domain.model import Account
from services.loyalty.domain.quota import Quota
from services.loyalty.domain.reward import Reward


def by_customer(fact: Fact) -> str:
    """An account has its customer's id."""
    return fact.subject


def by_subject(fact: Fact) -> str:
    """Rewards, campaigns, bonuses, quotas and households have ids of their own."""
    return fact.subject


def told_of_hold(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `hold_points` is told."""
    hold = account.holds[fact.id]
    return {"hold_id": fact.id, "points": hold.points, "until": hold.until}


def told_of_capture(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `capture_hold` is told."""
    return {"hold_id": fact.data.hold_id, "points": account.spends[fact.data.hold_id].points}


def told_of_end(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `void_hold` is told."""
    return {"hold_id": fact.data.hold_id}


def told_of_refund(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `refund_spend` is told: what could still be refunded."""
    spend = account.spends.get(fact.data.hold_id)
    return {"hold_id": fact.data.hold_id, "left": spend.points if spend else 0}


def told_of_share(quota: Quota, fact: Fact) -> dict[str, Any]:
    """What a door is told that takes from a quota: the day on which it counts."""
    return {"day": quota.day}


def told_of_lot(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `block_lot` and `unblock_lot` is told: the lot as it is now."""
    lot = account.lots.get(fact.data.lot_id)
    return {"lot_id": fact.data.lot_id, "active": lot.active if lot else 0, "blocked": lot.blocked if lot else 0}


def told_of_proposal(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `propose_adjustment` is told."""
    proposal = account.proposals[fact.id]
    return {"adjustment_id": fact.id, "points": proposal.points, "until": proposal.until}


def told_of_decision(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `approve_adjustment` and `reject_adjustment` is told."""
    return {"adjustment_id": fact.data.adjustment_id}


def told_of_offer(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `offer_transfer` is told."""
    hold = account.holds[fact.id]
    return {"transfer_id": fact.id, "points": hold.points, "until": hold.until}


def told_of_answer(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `accept_transfer` and `decline_transfer` is told."""
    return {"transfer_id": fact.data.transfer_id}


def told_of_referral(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `submit_referral` is told."""
    return submitting.told(account, fact.data.referee)


def told_of_reward(reward: Reward, fact: Fact) -> dict[str, Any]:
    """What the caller of `define_reward` and `change_stock` is told."""
    return rewards.told(reward, fact.subject)


def told_of_redemption(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `redeem_reward` is told."""
    return redemptions.told(account, fact.id)


def told_of_step(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller is told who moves a redemption on."""
    return redemptions.told(account, fact.data.redemption_id)


def told_of_campaign(budgeted: budgets.Budgeted, fact: Fact) -> dict[str, Any]:
    """What the caller of a command on a campaign is told."""
    return {"campaign_id": fact.subject, "state": budgeted.state, "left": budgeted.left}


def told_of_membership(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `found_household`, `accept_household` and `decline_household` is told."""
    household_id = getattr(fact.data, "household_id", fact.id)
    found = [each for each in account.memberships.values() if each.household == household_id]
    return {"household_id": household_id, "state": max(found, key=lambda each: each.within).state}


def told_of_contribution(account: Account, fact: Fact) -> dict[str, Any]:
    """What the caller of `contribute_points` is told."""
    return {"contribution_id": fact.id, "household_id": fact.data.household_id, "points": fact.data.points}


def told_of_household(household: Household, fact: Fact) -> dict[str, Any]:
    """What the caller is told who changes who is in a household."""
    return pools.told(household, fact.subject, fact.recorded_at)


def told_of_withdrawal(household: Household, fact: Fact) -> dict[str, Any]:
    """What the caller of `withdraw_points` is told."""
    return {"withdrawal_id": fact.id, "household_id": fact.subject, "points": fact.data.points}


RULES: dict[str, Rule] = {
    "crm.visit.completed.v1": Rule("account", by_customer, earning.award_points_for_visit),
    "crm.survey.answered.v1": Rule("account", by_customer, earning.award_points_for_survey),
    "crm.suggestion.accepted.v1": Rule("account", by_customer, earning.award_points_for_suggestion),
    "crm.lead.captured.v1": Rule("account", by_customer, referral.remember_referrer),
    "crm.deal.subscribed.v1": Rule("account", by_customer, referral.note_subscription),
    "loyalty.submit_referral.v1": Rule("account", by_customer, submitting.submit_referral, told_of_referral),
    "crm.referral.submitted.v1": Rule("account", by_customer, referral.note_submission),
    "crm.referral.settled.v1": Rule("account", by_customer, referral.reward_referrer),
    "crm.deal.signed.v1": Rule("account", by_customer, deals.grant_points_for_signed_deal),
    "crm.deal.payment_received.v1": Rule("account", by_customer, deals.release_points_for_payment),
    "crm.deal.handed_over.v1": Rule("account", by_customer, deals.release_points_at_handover),
    "crm.deal.changed.v1": Rule("account", by_customer, deals.recompute_points_of_changed_deal),
    "crm.deal.cancelled.v1": Rule("account", by_customer, deals.reverse_points_of_cancelled_deal),
    "loyalty.hold_points.v1": Rule("account", by_customer, holds.hold_points, told_of_hold),
    "loyalty.capture_hold.v1": Rule("account", by_customer, holds.capture_hold, told_of_capture),
    "loyalty.void_hold.v1": Rule("account", by_customer, holds.void_hold, told_of_end),
    "loyalty.refund_spend.v1": Rule("account", by_customer, refunds.refund_spend, told_of_refund),
    "loyalty.take_quota.v1": Rule("quota", by_subject, quotas.take_quota, told_of_share),
    "loyalty.return_quota.v1": Rule("quota", by_subject, quotas.return_quota),
    "loyalty.block_lot.v1": Rule("account", by_customer, blocking.block_lot, told_of_lot),
    "loyalty.unblock_lot.v1": Rule("account", by_customer, blocking.unblock_lot, told_of_lot),
    "loyalty.propose_adjustment.v1": Rule("account", by_customer, adjusting.propose_adjustment, told_of_proposal),
    "loyalty.approve_adjustment.v1": Rule("account", by_customer, adjusting.approve_adjustment, told_of_decision),
    "loyalty.reject_adjustment.v1": Rule("account", by_customer, adjusting.reject_adjustment, told_of_decision),
    "loyalty.offer_transfer.v1": Rule("account", by_customer, transfers.offer_transfer, told_of_offer),
    "loyalty.accept_transfer.v1": Rule("account", by_customer, transfers.accept_transfer, told_of_answer),
    "loyalty.decline_transfer.v1": Rule("account", by_customer, transfers.decline_transfer, told_of_answer),
    "crm.transfer.offered.v1": Rule("account", by_customer, transfers.note_offer),
    "crm.transfer.answered.v1": Rule("account", by_customer, transfers.settle_transfer),
    "crm.transfer.settled.v1": Rule("account", by_customer, transfers.book_transfer),
    "loyalty.define_reward.v1": Rule("reward", by_subject, rewards.define_reward, told_of_reward),
    "loyalty.change_stock.v1": Rule("reward", by_subject, rewards.change_stock, told_of_reward),
    "crm.reward.requested.v1": Rule("reward", by_subject, rewards.reserve_reward),
    "crm.reward.returned.v1": Rule("reward", by_subject, rewards.return_reward),
    "crm.reward.delivered.v1": Rule("reward", by_subject, rewards.deliver_reward),
    "loyalty.redeem_reward.v1": Rule("account", by_customer, redeeming.redeem_reward, told_of_redemption),
    "loyalty.fulfil_redemption.v1": Rule("account", by_customer, redeeming.fulfil_redemption, told_of_step),
    "loyalty.deliver_redemption.v1": Rule("account", by_customer, redeeming.deliver_redemption, told_of_step),
    "loyalty.cancel_redemption.v1": Rule("account", by_customer, redeeming.cancel_redemption, told_of_step),
    "loyalty.refund_redemption.v1": Rule("account", by_customer, redeeming.refund_redemption, told_of_step),
    "crm.reward.answered.v1": Rule("account", by_customer, redeeming.settle_redemption),
    "crm.redemption.confirmed.v1": Rule("account", by_customer, redeeming.stand_by_redemption),
    "crm.campaign.granted.v1": Rule("account", by_customer, claiming.book_campaign_points),
    "crm.campaign.claimed.v1": Rule("bonus", by_subject, bonuses.claim_bonus),
    "crm.campaign.answered.v1": Rule("bonus", by_subject, bonuses.settle_bonus),
    "crm.campaign.requested.v1": Rule("campaign", by_subject, budgets.reserve_budget),
    "crm.campaign.returned.v1": Rule("campaign", by_subject, budgets.return_budget),
    "loyalty.draft_campaign.v1": Rule("campaign", by_subject, budgets.draft_campaign, told_of_campaign),
    "loyalty.schedule_campaign.v1": Rule("campaign", by_subject, budgets.schedule_campaign, told_of_campaign),
    "loyalty.pause_campaign.v1": Rule("campaign", by_subject, budgets.pause_campaign, told_of_campaign),
    "loyalty.resume_campaign.v1": Rule("campaign", by_subject, budgets.resume_campaign, told_of_campaign),
    "loyalty.end_campaign.v1": Rule("campaign", by_subject, budgets.end_campaign, told_of_campaign),
    "loyalty.found_household.v1": Rule("account", by_customer, joining.found_household, told_of_membership),
    "loyalty.accept_household.v1": Rule("account", by_customer, joining.accept_household, told_of_membership),
    "loyalty.decline_household.v1": Rule("account", by_customer, joining.decline_household, told_of_membership),
    "crm.household.invited.v1": Rule("account", by_customer, joining.note_invitation),
    "crm.household.settled.v1": Rule("account", by_customer, joining.note_membership),
    "crm.household.founded.v1": Rule("household", by_subject, households.open_household),
    "crm.household.answered.v1": Rule("household", by_subject, households.settle_invitation),
    "loyalty.invite_to_household.v1": Rule("household", by_subject, households.invite_to_household, told_of_household),
    "loyalty.remove_from_household.v1": Rule(
        "household", by_subject, households.remove_from_household, told_of_household
    ),
    "loyalty.leave_household.v1": Rule("household", by_subject, households.leave_household, told_of_household),
    "loyalty.household_due.v1": Rule("household", by_subject, households.fire_household_due),
    "loyalty.contribute_points.v1": Rule("account", by_customer, pooling.contribute_points, told_of_contribution),
    "crm.pool.contributed.v1": Rule("household", by_subject, pools.take_contribution),
    "crm.pool.answered.v1": Rule("account", by_customer, pooling.settle_contribution),
    "loyalty.withdraw_points.v1": Rule("household", by_subject, pools.withdraw_points, told_of_withdrawal),
    "crm.pool.paid.v1": Rule("account", by_customer, pooling.book_withdrawal),
    "loyalty.due.v1": Rule("account", by_customer, timers.fire_due),
    **merging_rules("account", by_customer, "crm.customer.merged.v1", "crm.customer.unmerged.v1"),
}
