"""Rules about the code itself: who imports whom, how long things may be, what all services have in common."""
