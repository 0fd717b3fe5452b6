"""Profile: one record per customer, out of many facts.

Keeps for each customer a timeline, counts, exact totals, first and last dates and the projects, each value with the
fact that made it, now or as it was (`as_of`, what had happened) or as it was known (`known_at`, what had been recorded)
at any time. It owns the journal. Identity, merge, vault and value are not built yet.
"""
