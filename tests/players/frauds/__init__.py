"""Frauds planted in a running service of real processes, and audited with the command."""
