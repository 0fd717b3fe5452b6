"""How books of leads are kept and searched."""
