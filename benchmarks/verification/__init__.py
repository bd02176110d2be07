"""The cost of judging a file, beside plain pyHanko and the limit."""
