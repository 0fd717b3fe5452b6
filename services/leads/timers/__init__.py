"""Due work: leads wait for nothing yet."""
