"""Decides which job is next: turns of networks and visitors, budgets of CPU time, files seen as too heavy."""
