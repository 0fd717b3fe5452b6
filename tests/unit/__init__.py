"""Tests of pure rules: no doubles, no I/O."""
