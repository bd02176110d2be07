"""Model players and queue twins that only tests and benchmarks use."""
