"""Calls of partners to the outside."""
