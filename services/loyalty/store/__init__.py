"""How accounts are kept and searched."""
