"""The rules of tickets and satisfaction, pure: no clock, no ids, no I/O. `worker/table.py` lists them all."""
