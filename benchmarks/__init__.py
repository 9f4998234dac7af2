"""Benchmarks: `python -m benchmarks.NAME [--seconds N] [--json FILE]`. Peers and ours in one run, interleaved."""
