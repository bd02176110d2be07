"""The times of a controller's steps, for controllers and auditors. Pure."""

from __future__ import annotations

from typing import Final

ELAPSED_S_MAX: Final = 2.0
"""After a pause a controller does not call the people of the whole pause at once."""
PAUSE_FROM_S: Final = int(ELAPSED_S_MAX) + 2
"""Whole seconds without a step. From this number on they are a pause, which the log states."""
CLOCK_RUNS_BACK_S: Final = 2.0
"""A controller waits this long until its clock reaches that of the one before it, or its own before it was
set right. When more is missing it goes on from its own."""
CLAIMS_A_STEP: Final = 2_000
"""The claims that one step logs. Further ones wait for the next step."""
