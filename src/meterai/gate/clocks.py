"""Moments as people read them, with their zone."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from meterai.kernel.clock import ZONES

_MONTHS = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


@lru_cache(4_096)  # many people are told the same moments
def clock_text(unix: float, language: str, zone: str, *, seconds: bool = False) -> str:
    """`21.40 WIB`, in English `21:40 WIB`."""
    local = datetime.fromtimestamp(unix, UTC).astimezone(ZoneInfo(zone))
    pattern = "%H.%M" + (".%S" if seconds else "")
    text = local.strftime(pattern)
    return f"{text if language == 'id' else text.replace('.', ':')} {ZONES[zone]}"


@lru_cache(4_096)
def moment_text(unix: float, language: str, zone: str, *, seconds: bool = False) -> str:
    """`5 Sep 2026, 21.40 WIB`."""
    local = datetime.fromtimestamp(unix, UTC).astimezone(ZoneInfo(zone))
    day = f"{local.day} {_MONTHS[language][local.month - 1]} {local.year}"
    return f"{day}, {clock_text(unix, language, zone, seconds=seconds)}"
