"""The rules of leads, pure: no clock, no ids, no I/O. `worker/table.py` lists them all."""
