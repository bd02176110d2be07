"""Benchmarks: `python -m benchmarks --help`. Not installed with the product (docs/benchmarks.md)."""
