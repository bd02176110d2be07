"""Joining the line: the form, what is asked of people before, and their tickets."""
