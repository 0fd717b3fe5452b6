"""Loyalty: points, ledger, tiers."""
