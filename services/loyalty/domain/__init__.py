"""The rules of loyalty, pure: no clock, no ids, no I/O. `worker/table.py` lists them all."""
