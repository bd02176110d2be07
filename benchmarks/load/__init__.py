"""Generators of load: gate, orders, journeys, steps."""
