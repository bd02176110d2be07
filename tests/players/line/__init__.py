"""Plays the queue's real code with a crowd and with faults, watched by independent checks."""
