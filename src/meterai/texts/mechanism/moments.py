"""Date and time together, as people read them, with the zone."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.formats.display import JAKARTA, clock_text, date_text, weekday_text
from meterai.texts.mechanism.catalogues import look_up
from meterai.texts.mechanism.marks import N_

_MOMENT = N_("{date} pukul {clock}")


def moment_text(moment: datetime, language: str, zone: str = JAKARTA, *, seconds: bool = False) -> str:
    """`5 September 2026 pukul 14.05 WIB`, in English `5 September 2026 at 14:05 WIB`."""
    return look_up(_MOMENT, language).format(
        date=date_text(moment, language, zone), clock=clock_text(moment, language, zone, seconds=seconds)
    )


def second_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """`5 September 2026 pukul 22.41.07 WIB`, in English `5 September 2026 at 22:41:07 WIB`."""
    return moment_text(moment, language, zone, seconds=True)


def long_moment_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """Like `moment_text`, with the day of the week before it."""
    return f"{weekday_text(moment, language, zone)}, {moment_text(moment, language, zone)}"
