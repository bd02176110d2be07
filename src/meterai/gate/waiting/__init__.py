"""Waiting in line: a ticket's place, the wait page, and who is still there."""
