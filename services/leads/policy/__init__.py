"""The numbers of leads; there are none yet."""
