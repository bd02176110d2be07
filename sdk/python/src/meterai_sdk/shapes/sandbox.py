"""What only a sandbox has."""

from __future__ import annotations

from typing import TypedDict


class Clock(TypedDict):
    """The clock of an organisation. `ahead_s`: seconds by which it is ahead of the real time."""

    now: str
    ahead_s: int
