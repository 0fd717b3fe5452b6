"""Profile: who is who, and one record per customer, out of many facts.

Takes in events from outside (`crm.intake.*`, `POST /v1/events`, Segment-shaped calls), decides once whose each is, and
writes them to the journal under the customer's id. Contacts and free text stay in its vault, each customer's under a
key of its own; identifiers are kept as blind indexes only. Customers who turn out to be one person are merged, and
un-merged at any time. Of each customer it keeps a timeline, counts, exact totals, first and last dates and the projects,
each value with the fact that made it, now or as it was (`as_of`, what had happened) or as it was known (`known_at`, what
had been recorded) at any time. It owns the journal.
"""
