"""Seeing and repairing: figures, traces, lag, dead letters, checks. Off the fold's way; a budget of its own (ADR 13)."""
