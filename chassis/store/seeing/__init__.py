"""What seeing and repairing ask of a database; within the budget of `chassis/seeing` (ADR 13)."""
