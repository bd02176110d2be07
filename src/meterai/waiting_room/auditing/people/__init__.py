"""Checks of people who entered, and of the right by which they did."""
