"""The rules of profile, pure: no clock, no ids, no I/O. `worker/table.py` lists them all."""
