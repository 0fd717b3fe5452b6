"""Due work: how what an account waits for becomes a fact."""
