"""Puts healths in an order."""

from __future__ import annotations

from typing import Final

from meterai.texts.status_page import Health

_ORDER: Final = (Health.DOWN, Health.DEGRADED, Health.UNKNOWN, Health.UP)
"""The worst first."""


def worst(*healths: Health) -> Health:
    """The worst of these; unknown when there are none."""
    return min(healths, key=_ORDER.index, default=Health.UNKNOWN)
