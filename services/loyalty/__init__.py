"""Loyalty: points, ledger, tiers.

Keeps one account for each customer: lots of points (pending, active, held, ...) and an append-only ledger in double
entry, of which every balance is a projection; and one stock for each reward that members have for points. It grants
points for visits, surveys and signed deals, releases those of deals as payments come in, takes back what a cancellation
undoes, holds and spends, and can say of any balance why it is what it is, down to the fact, the rule and the version of
the policy.

Campaigns add points out of budgets that are never exceeded: entities of their own, which accounts ask by facts on
`crm.self.loyalty` (docs/campaigns.md, ADR 16). So are households, whose members share a pool of points with the consent of
both sides (ADR 17).
"""
