"""Times on pages, with their zone. Many pages show the same ones, so they are cached."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from meterai.kit.formats import display

FAR_S = 40_000
"""A time further ahead is shown with its day: a line may take days. The page's script has it too
(`static/wait.js`)."""


@lru_cache(4_096)
def clock_text(unix: float, language: str, zone: str, *, seconds: bool = False) -> str:
    """`21.40 WIB`, in English `21:40 WIB`."""
    return display.clock_text(datetime.fromtimestamp(unix, UTC), language, zone, seconds=seconds)


@lru_cache(4_096)
def moment_text(unix: float, language: str, zone: str, *, seconds: bool = False) -> str:
    """`5 Sep 2026, 21.40 WIB`."""
    day = display.short_date_text(datetime.fromtimestamp(unix, UTC), language, zone)
    return f"{day}, {clock_text(unix, language, zone, seconds=seconds)}"


def time_text(unix: int, language: str, zone: str, *, now: float) -> str:
    """`21.40 WIB`, or with the day when it is far ahead: `21.40 WIB, 5 Sep 2026`."""
    clock = clock_text(unix, language, zone)
    if unix - now < FAR_S:
        return clock
    return f"{clock}, {display.short_date_text(datetime.fromtimestamp(unix, UTC), language, zone)}"
