"""How customers are kept and searched."""
