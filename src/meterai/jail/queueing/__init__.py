"""Whose job is next: turns of networks and visitors, budgets of CPU time, files that were too heavy."""
