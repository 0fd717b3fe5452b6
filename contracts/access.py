"""The policy table of all doors (`access.yaml`): who may do what."""

from pathlib import Path

ACCESS = Path(__file__).parent / "access.yaml"
