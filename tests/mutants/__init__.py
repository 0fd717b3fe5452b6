"""Bugs put in on purpose: each patch must turn a test red (`make mutants`)."""
