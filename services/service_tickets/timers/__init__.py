"""Due work: how what a ticket waits for becomes a fact."""
