"""Requests that wait for a second officer: the list, one of them, its approval."""
