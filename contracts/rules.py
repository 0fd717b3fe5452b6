"""Which rule of which service reads and may emit what: the second half of the catalog, a literal table."""

from typing import NamedTuple

from contracts.merging import Absorbed, Declined, Forwarded, Handed, Refolded, Released


class RuleEntry(NamedTuple):
    """One rule of a service: the types that set it off and the types it may emit."""

    causes: tuple[str, ...]
    emits: tuple[str, ...]


SERVICES = ("leads", "loyalty", "profile", "service_tickets")

TIERS = ("crm.loyalty_tier.changed.v1", "crm.loyalty_tier.at_risk.v1", "crm.loyalty_tier.retained.v1")
"""A tier is looked at again whenever anything is booked."""
EARNING = ("crm.points.earned.v1", "crm.debt.repaid.v1", *TIERS)
GIVEN_UP = ("crm.redemption.changed.v1", "crm.reward.returned.v1")
BACK = ("crm.points.refunded.v1", "crm.points.expired.v1", "crm.debt.repaid.v1")
RETURNING = (*BACK, "crm.transfer.settled.v1", *GIVEN_UP)
"""Points that come back to a lot: if its time is over, they expire; lent ones repay; nothing comes of what they were for."""
ASKING = ("crm.campaign.requested.v1",)
CLAIMING = ("crm.campaign.claimed.v1",)
"""What an account says to campaigns, for what is earned once, and to the bonuses of deals."""
SHORT = ("crm.points.reversed.v1", "crm.points.written_off.v1", "crm.debt.opened.v1")
"""Points whose reason fell away."""
SETTLING = (
    *EARNING,
    *RETURNING,
    "crm.referral.settled.v1",
    "crm.points.released.v1",
    *SHORT,
    *CLAIMING,
)

REDEEMING = ("crm.points.spent.v1", "crm.reward.redeemed.v1")
CONFIRMING = (*REDEEMING, "crm.redemption.confirmed.v1")
CORRECTING = ("crm.points.corrected.v1", "crm.referral.settled.v1", *GIVEN_UP, *CLAIMING, *TIERS)
SEATING = ("crm.household.settled.v1",)
"""What a household says of a member."""
POOLING = ("crm.points.pooled.v1", "crm.points.expired.v1", "crm.debt.repaid.v1", *TIERS)
"""Points that go into a pool or come out of it: what reached its end on the way is gone, debt is repaid first."""
REFERRING = (*EARNING, *RETURNING, *SHORT)
STAGE = ("crm.lead.stage_changed.v1", "crm.lead.won.v1", "crm.lead.lost.v1")
VISITS = ("crm.visit.scheduled.v1", "crm.visit.completed.v1", "crm.visit.missed.v1")
OPENING = ("crm.ticket.opened.v1", "crm.satisfaction.changed.v1")
CLOCKS = ("crm.sla.breached.v1", "crm.sla.breach_withdrawn.v1", "crm.satisfaction.changed.v1")
STEPS = ("crm.deal.reserved.v1", "crm.deal.subscribed.v1", "crm.deal.signed.v1")

LIFE = ("crm.lifecycle.changed.v1",)

RULES: dict[str, RuleEntry] = {
    "leads.merge": RuleEntry(("crm.customer.merged.v1",), STAGE),
    "leads.unmerge": RuleEntry(("crm.customer.unmerged.v1",), STAGE),
    "leads.absorb": RuleEntry((Absorbed.TYPE,), STAGE),
    "leads.release": RuleEntry((Released.TYPE,), STAGE),
    "leads.forward": RuleEntry((Forwarded.TYPE,), STAGE),
    "service_tickets.merge": RuleEntry(("crm.customer.merged.v1",), CLOCKS),
    "service_tickets.unmerge": RuleEntry(("crm.customer.unmerged.v1",), CLOCKS),
    "service_tickets.absorb": RuleEntry((Absorbed.TYPE,), CLOCKS),
    "service_tickets.release": RuleEntry((Released.TYPE,), CLOCKS),
    "service_tickets.forward": RuleEntry((Forwarded.TYPE,), OPENING),
    "leads.capture_lead": RuleEntry(("crm.lead.captured.v1",), STAGE),
    "leads.note_contact": RuleEntry(("crm.lead.contacted.v1",), STAGE),
    "leads.note_visit": RuleEntry(VISITS, STAGE),
    "leads.advance_deal": RuleEntry(STEPS, STAGE),
    "leads.change_deal": RuleEntry(("crm.deal.changed.v1",), STAGE),
    "leads.cancel_deal": RuleEntry(("crm.deal.cancelled.v1",), STAGE),
    "service_tickets.open_ticket_for_complaint": RuleEntry(("crm.complaint.raised.v1",), OPENING),
    "service_tickets.open_ticket_for_request": RuleEntry(("crm.request.raised.v1",), OPENING),
    "service_tickets.note_answer": RuleEntry(("crm.survey.answered.v1",), ("crm.satisfaction.changed.v1",)),
    "service_tickets.respond_ticket": RuleEntry(
        ("service_tickets.respond_ticket.v1",), ("crm.ticket.responded.v1", *CLOCKS)
    ),
    "service_tickets.resolve_ticket": RuleEntry(
        ("service_tickets.resolve_ticket.v1",),
        ("crm.ticket.responded.v1", "crm.ticket.resolved.v1", "crm.suggestion.accepted.v1", *CLOCKS),
    ),
    "service_tickets.fire_due": RuleEntry(("service_tickets.due.v1",), CLOCKS),
    "loyalty.award_points_for_visit": RuleEntry(
        ("crm.visit.completed.v1",), (*REFERRING, *ASKING, "crm.referral.settled.v1")
    ),
    "loyalty.award_points_for_survey": RuleEntry(("crm.survey.answered.v1",), (*EARNING, *ASKING)),
    "loyalty.award_points_for_suggestion": RuleEntry(("crm.suggestion.accepted.v1",), (*EARNING, *ASKING)),
    "loyalty.remember_referrer": RuleEntry(("crm.lead.captured.v1",), (*REFERRING, "crm.referral.settled.v1")),
    "loyalty.note_subscription": RuleEntry(("crm.deal.subscribed.v1",), (*REFERRING, "crm.referral.settled.v1")),
    "loyalty.submit_referral": RuleEntry(
        ("loyalty.submit_referral.v1",), ("crm.referral.submitted.v1", "crm.referral.changed.v1")
    ),
    "loyalty.note_submission": RuleEntry(("crm.referral.submitted.v1",), (*REFERRING, "crm.referral.settled.v1")),
    "loyalty.reward_referrer": RuleEntry(("crm.referral.settled.v1",), (*REFERRING, "crm.referral.changed.v1")),
    "loyalty.grant_points_for_signed_deal": RuleEntry(("crm.deal.signed.v1",), SETTLING),
    "loyalty.release_points_for_payment": RuleEntry(("crm.deal.payment_received.v1",), SETTLING),
    "loyalty.release_points_at_handover": RuleEntry(("crm.deal.handed_over.v1",), SETTLING),
    "loyalty.recompute_points_of_changed_deal": RuleEntry(("crm.deal.changed.v1",), SETTLING),
    "loyalty.reverse_points_of_cancelled_deal": RuleEntry(("crm.deal.cancelled.v1",), SETTLING),
    "loyalty.hold_points": RuleEntry(("loyalty.hold_points.v1",), ("crm.points.held.v1", *TIERS)),
    "loyalty.capture_hold": RuleEntry(("loyalty.capture_hold.v1",), ("crm.points.spent.v1", *RETURNING, *TIERS)),
    "loyalty.void_hold": RuleEntry(("loyalty.void_hold.v1",), (*RETURNING, *TIERS)),
    "loyalty.refund_spend": RuleEntry(("loyalty.refund_spend.v1",), (*RETURNING, *TIERS)),
    "loyalty.block_lot": RuleEntry(("loyalty.block_lot.v1",), ("crm.points.blocked.v1", *TIERS)),
    "loyalty.unblock_lot": RuleEntry(
        ("loyalty.unblock_lot.v1",), ("crm.points.unblocked.v1", "crm.points.expired.v1", *TIERS)
    ),
    "loyalty.propose_adjustment": RuleEntry(("loyalty.propose_adjustment.v1",), ()),
    "loyalty.reject_adjustment": RuleEntry(("loyalty.reject_adjustment.v1",), ()),
    "loyalty.approve_adjustment": RuleEntry(
        ("loyalty.approve_adjustment.v1",), ("crm.points.adjusted.v1", "crm.debt.repaid.v1", *TIERS)
    ),
    "loyalty.offer_transfer": RuleEntry(
        ("loyalty.offer_transfer.v1",), ("crm.points.held.v1", "crm.transfer.offered.v1", *TIERS)
    ),
    "loyalty.note_offer": RuleEntry(("crm.transfer.offered.v1",), ("crm.transfer.answered.v1",)),
    "loyalty.accept_transfer": RuleEntry(("loyalty.accept_transfer.v1",), ("crm.transfer.answered.v1",)),
    "loyalty.decline_transfer": RuleEntry(("loyalty.decline_transfer.v1",), ("crm.transfer.answered.v1",)),
    "loyalty.settle_transfer": RuleEntry(
        ("crm.transfer.answered.v1",), ("crm.points.transferred.v1", *RETURNING, *TIERS)
    ),
    "loyalty.book_transfer": RuleEntry(
        ("crm.transfer.settled.v1",),
        ("crm.points.transferred.v1", "crm.points.expired.v1", "crm.debt.opened.v1", "crm.debt.repaid.v1", *TIERS),
    ),
    "loyalty.define_reward": RuleEntry(("loyalty.define_reward.v1",), ()),
    "loyalty.change_stock": RuleEntry(("loyalty.change_stock.v1",), ()),
    "loyalty.reserve_reward": RuleEntry(("crm.reward.requested.v1",), ("crm.reward.answered.v1",)),
    "loyalty.return_reward": RuleEntry(("crm.reward.returned.v1",), ("crm.reward.answered.v1",)),
    "loyalty.deliver_reward": RuleEntry(("crm.reward.delivered.v1",), ()),
    "loyalty.redeem_reward": RuleEntry(
        ("loyalty.redeem_reward.v1",),
        ("crm.points.held.v1", "crm.reward.requested.v1", "crm.redemption.changed.v1", *TIERS),
    ),
    "loyalty.settle_redemption": RuleEntry(
        ("crm.reward.answered.v1",), (*CONFIRMING, *BACK, "crm.redemption.changed.v1", *TIERS)
    ),
    "loyalty.stand_by_redemption": RuleEntry(
        ("crm.redemption.confirmed.v1",), (*REDEEMING, "crm.debt.opened.v1", *TIERS)
    ),
    "loyalty.fulfil_redemption": RuleEntry(("loyalty.fulfil_redemption.v1",), ("crm.redemption.changed.v1", *TIERS)),
    "loyalty.deliver_redemption": RuleEntry(
        ("loyalty.deliver_redemption.v1",), ("crm.redemption.changed.v1", "crm.reward.delivered.v1", *TIERS)
    ),
    "loyalty.cancel_redemption": RuleEntry(("loyalty.cancel_redemption.v1",), (*RETURNING, *TIERS)),
    "loyalty.refund_redemption": RuleEntry(("loyalty.refund_redemption.v1",), (*RETURNING, *TIERS)),
    **{
        f"loyalty.{step}_campaign": RuleEntry((f"loyalty.{step}_campaign.v1",), ())
        for step in ("draft", "schedule", "pause", "resume", "end")
    },
    "loyalty.reserve_budget": RuleEntry(
        ("crm.campaign.requested.v1",), ("crm.campaign.answered.v1", "crm.campaign.granted.v1")
    ),
    "loyalty.return_budget": RuleEntry(("crm.campaign.returned.v1",), ()),
    "loyalty.claim_bonus": RuleEntry(
        ("crm.campaign.claimed.v1",), (*ASKING, "crm.campaign.returned.v1", "crm.campaign.granted.v1")
    ),
    "loyalty.settle_bonus": RuleEntry(
        ("crm.campaign.answered.v1",), ("crm.campaign.returned.v1", "crm.campaign.granted.v1")
    ),
    **{f"loyalty.{step}_quota": RuleEntry((f"loyalty.{step}_quota.v1",), ()) for step in ("take", "return")},
    "loyalty.book_campaign_points": RuleEntry(("crm.campaign.granted.v1",), REFERRING),
    "loyalty.fire_due": RuleEntry(
        ("loyalty.due.v1",), (*RETURNING, "crm.points.expiring.v1", *REFERRING, "crm.referral.settled.v1")
    ),
    "loyalty.found_household": RuleEntry(("loyalty.found_household.v1",), ("crm.household.founded.v1",)),
    "loyalty.open_household": RuleEntry(("crm.household.founded.v1",), SEATING),
    "loyalty.invite_to_household": RuleEntry(("loyalty.invite_to_household.v1",), ("crm.household.invited.v1",)),
    "loyalty.note_invitation": RuleEntry(("crm.household.invited.v1",), ("crm.household.answered.v1",)),
    "loyalty.accept_household": RuleEntry(("loyalty.accept_household.v1",), ("crm.household.answered.v1",)),
    "loyalty.decline_household": RuleEntry(("loyalty.decline_household.v1",), ("crm.household.answered.v1",)),
    "loyalty.settle_invitation": RuleEntry(("crm.household.answered.v1",), SEATING),
    "loyalty.note_membership": RuleEntry(SEATING, ()),
    "loyalty.remove_from_household": RuleEntry(("loyalty.remove_from_household.v1",), SEATING),
    "loyalty.leave_household": RuleEntry(("loyalty.leave_household.v1",), SEATING),
    "loyalty.fire_household_due": RuleEntry(("loyalty.household_due.v1",), (*SEATING, "crm.pool.moved.v1")),
    "loyalty.contribute_points": RuleEntry(
        ("loyalty.contribute_points.v1",), ("crm.points.held.v1", "crm.pool.contributed.v1", *POOLING)
    ),
    "loyalty.take_contribution": RuleEntry(("crm.pool.contributed.v1",), ("crm.pool.moved.v1", "crm.pool.answered.v1")),
    "loyalty.settle_contribution": RuleEntry(("crm.pool.answered.v1",), ("crm.debt.opened.v1", *POOLING)),
    "loyalty.withdraw_points": RuleEntry(("loyalty.withdraw_points.v1",), ("crm.pool.moved.v1", "crm.pool.paid.v1")),
    "loyalty.book_withdrawal": RuleEntry(("crm.pool.paid.v1",), POOLING),
    "loyalty.merge": RuleEntry(("crm.customer.merged.v1",), CORRECTING),
    "loyalty.unmerge": RuleEntry(("crm.customer.unmerged.v1",), CORRECTING),
    "loyalty.absorb": RuleEntry((Absorbed.TYPE,), CORRECTING),
    "loyalty.release": RuleEntry((Released.TYPE,), CORRECTING),
    "loyalty.forward": RuleEntry(
        (Forwarded.TYPE,),
        (
            *SETTLING,
            *CORRECTING,
            *ASKING,
            "crm.points.transferred.v1",
            "crm.transfer.answered.v1",
            "crm.referral.changed.v1",
            "crm.household.answered.v1",
            *POOLING,
            *CONFIRMING,
        ),
    ),
    "profile.describe": RuleEntry(
        (
            "crm.visit.scheduled.v1",
            "crm.visit.completed.v1",
            "crm.visit.missed.v1",
            "crm.survey.answered.v1",
            "crm.deal.reserved.v1",
            "crm.deal.subscribed.v1",
            "crm.deal.payment_received.v1",
            "crm.lead.captured.v1",
            "crm.complaint.raised.v1",
            "crm.request.raised.v1",
            "crm.customer.linked.v1",
            "crm.consent.changed.v1",
        ),
        (),
    ),
    "profile.note_deal": RuleEntry(
        ("crm.deal.signed.v1", "crm.deal.handed_over.v1", "crm.deal.changed.v1", "crm.deal.cancelled.v1"), LIFE
    ),
    "profile.note_contact": RuleEntry(("crm.lead.contacted.v1",), LIFE),
    "profile.choose_golden_values": RuleEntry(("crm.customer.described.v1",), LIFE),
    "profile.note_satisfaction": RuleEntry(("crm.satisfaction.changed.v1",), LIFE),
    "profile.merge": RuleEntry(("crm.customer.merged.v1",), LIFE),
    "profile.unmerge": RuleEntry(("crm.customer.unmerged.v1",), LIFE),
    "profile.absorb": RuleEntry((Absorbed.TYPE,), LIFE),
    "profile.release": RuleEntry((Released.TYPE,), LIFE),
    "profile.forward": RuleEntry((Forwarded.TYPE,), LIFE),
}
for _service in SERVICES:
    RULES[f"{_service}.refold"] = RuleEntry((Refolded.TYPE,), RULES[f"{_service}.forward"].emits)
    RULES |= {f"{_service}.hand": RuleEntry((Handed.TYPE,), ()), f"{_service}.decline": RuleEntry((Declined.TYPE,), ())}
