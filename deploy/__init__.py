"""How Hearth is set up, started and shipped. Nothing under services, contracts, chassis or hearth imports this."""
