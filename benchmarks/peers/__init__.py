"""What Hearth is compared with: each peer is one file, run by the interpreter of its own environment."""
