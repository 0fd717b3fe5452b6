"""What profile does by the clock: it says how far it has read."""
