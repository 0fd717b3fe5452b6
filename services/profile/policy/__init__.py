"""Profile has no numbers of its own yet."""
