"""Invariants: sentences that must be true of the data at every moment (`meterai check`).

The one place that reads tables of several contexts at once. Each module holds one group: SQL that lists what
breaks the sentence, and nothing when all is well. Each part of each has a planted violation in the tests.
"""
