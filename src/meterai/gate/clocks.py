"""Moments as those who wait read them, with their zone. Many people are told the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from meterai.kit import formats


@lru_cache(4_096)
def clock_text(unix: float, language: str, zone: str, *, seconds: bool = False) -> str:
    """`21.40 WIB`, in English `21:40 WIB`."""
    return formats.clock_text(datetime.fromtimestamp(unix, UTC), language, zone, seconds=seconds)


@lru_cache(4_096)
def moment_text(unix: float, language: str, zone: str, *, seconds: bool = False) -> str:
    """`5 Sep 2026, 21.40 WIB`."""
    day = formats.short_date_text(datetime.fromtimestamp(unix, UTC), language, zone)
    return f"{day}, {clock_text(unix, language, zone, seconds=seconds)}"
