"""Speed, as ratios within one run: `make bench` (real engines, writes `results.json`), `make bench-quick` (a small look)."""
