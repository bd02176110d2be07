"""Evenings before a deadline, simulated: how many of the queue's promises are kept (docs/waiting-room.md)."""
