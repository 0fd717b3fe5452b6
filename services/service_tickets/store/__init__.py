"""How files are kept and searched."""
