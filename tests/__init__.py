"""Proofs: unit (pure rules), behaviours, contracts, arch, deploy, integration, journeys, faults, oracles, mutants."""
