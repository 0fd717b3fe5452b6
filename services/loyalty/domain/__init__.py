"""The rules of loyalty, pure: no clock, no ids, no I/O. Read `rules` first; it lists them all."""
