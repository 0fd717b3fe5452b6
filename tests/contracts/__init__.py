"""The published language: every form it travels in, and everything it refuses."""
