"""Webhooks out (Standard Webhooks 1.0): facts posted to subscribers, signed, at least once, in order for each key."""
