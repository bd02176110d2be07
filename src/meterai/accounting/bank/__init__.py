"""Statements of our bank account, and what their lines are for."""
