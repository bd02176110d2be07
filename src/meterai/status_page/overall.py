"""Decides what the page says at its top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from meterai.status_page.memory import Memory
from meterai.texts.status_page import (
    ALL_DOWN,
    ALL_WELL,
    DISTURBED,
    INCIDENT_OPEN,
    NOT_KNOWN,
    SLOW,
    Component,
    Health,
)

_DOORS: Final = (Component.HOME, Component.API)
"""When none of them answers, nobody can do anything."""


class Overall(NamedTuple):
    """The sentence at the top and the health by which it is shown."""

    sentence: str
    health: Health


def overall(healths: Mapping[Component, Health], memory: Memory) -> Overall:
    """What is said of all components together. A line that nobody needs now does not count."""
    seen = [health for health in healths.values() if health is not Health.UNKNOWN]
    if not seen:
        return Overall(NOT_KNOWN, Health.UNKNOWN)
    if all(healths.get(door) is Health.DOWN for door in _DOORS):
        return Overall(ALL_DOWN, Health.DOWN)
    if Health.DOWN in seen:
        return Overall(DISTURBED, Health.DOWN)
    if any(one.ended_at is None for one in memory.incidents.values()):
        return Overall(INCIDENT_OPEN, Health.DEGRADED)
    return Overall(SLOW, Health.DEGRADED) if Health.DEGRADED in seen else Overall(ALL_WELL, Health.UP)
