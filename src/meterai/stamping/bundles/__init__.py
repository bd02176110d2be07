"""Bundles: many documents of one customer, checked first and stamped together."""
