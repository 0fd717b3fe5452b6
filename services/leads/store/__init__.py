"""Empty: leads is not built yet."""
