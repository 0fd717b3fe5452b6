"""Profile: one record per customer, out of many facts."""
