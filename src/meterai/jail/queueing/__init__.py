"""Decides which job is next: turns of networks and visitors, budgets of CPU time, files known as too heavy."""
