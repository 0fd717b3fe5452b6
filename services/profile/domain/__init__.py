"""The rules of profile, pure: no clock, no ids, no I/O. Read `rules` first; it lists them all."""
