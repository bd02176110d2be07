"""Pages for developers: the start, the reference, states, refusals, limits, changes."""
