"""`make seeds`: many seeds of the simulator, in one process for each core; the last line is one JSON object.

A seed with a problem is named at once, with the call that plays it again, and the others go on; the exit code is then 1.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from tests.simulator import merging, resolving
from tests.simulator import run as fold

PARTS: dict[str, Callable] = {
    "fold": fold.run,
    "sharing": fold.run_sharing,
    "identity": resolving.run,
    "merging": merging.run,
}
SHARE = {"fold": 4, "sharing": 2, "identity": 2, "merging": 2}
"""Of ten seeds, how many each part gets."""
AT_ONCE = 50

Piece = tuple[str, int, int]


def play(piece: Piece) -> tuple[Piece, list[str], Counter[str]]:
    """Run the seeds of a piece (part, first, behind the last); the problems found and how often each fault happened."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    part, first, end = piece
    problems, hits = [], Counter[str]()
    for seed in range(first, end):
        found, one = PARTS[part](seed)
        hits.update(getattr(one, "world", one).hits)
        problems += [f"{part} seed {seed}: {text}; again: {_name(PARTS[part])}({seed})" for text in found]
    return piece, problems, hits


def _name(played: Callable) -> str:
    return f"{played.__module__}.{played.__name__}"


def pieces(seeds: int, first: int) -> list[Piece]:
    """Cut `seeds` seeds into pieces, the parts in turn, so that a run that is stopped has seen something of each."""
    cut: list[tuple[float, Piece]] = []
    for part, share in SHARE.items():
        end = first + seeds * share // sum(SHARE.values())
        cut += [((at - first) / share, (part, at, min(at + AT_ONCE, end))) for at in range(first, end, AT_ONCE)]
    return [piece for _, piece in sorted(cut)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the seeds and tell; 1 when any of them went wrong, or when a part saw no fault at all."""
    parser = argparse.ArgumentParser(description="seeds of the simulator, on all cores")
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args(arguments)
    begun, told = time.monotonic(), time.monotonic()
    done, hits, problems = Counter[str](), {part: Counter[str]() for part in PARTS}, list[str]()
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        for (part, first, end), found, happened in pool.imap_unordered(play, pieces(asked.seeds, asked.first)):
            done[part] += end - first
            hits[part] += happened
            problems += found
            if found or time.monotonic() - told > 60:
                told = time.monotonic()
                print(*found, f"{sum(done.values())} seeds, {told - begun:.0f} s", sep="\n", flush=True)
    sums = {"seeds": sum(done.values()), "wrong": len(problems), "seconds": round(time.monotonic() - begun)}
    print(json.dumps({**sums, "first": asked.first, **done, "faults": hits}))
    return 1 if problems or not all(hits[part] for part in done) else 0


if __name__ == "__main__":
    sys.exit(main())
