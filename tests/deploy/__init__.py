"""The local runner itself."""
