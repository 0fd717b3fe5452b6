"""The local runner: engines, services and the story on one machine, with nothing left behind.

`python -m deploy.local --help` lists what it can do; the Makefile is a thin list of those commands.

Where to read on: `process` (one child process), `engines`, `kafka`, `rust` (the four engines), `stack` (a broker and a
database together), `services` (what is started with which settings), `runner` (`make run`, step by step).
"""
