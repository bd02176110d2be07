"""The changelog of the API, for people who call it."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from meterai.texts.mechanism.marks import N_


class Change(msgspec.Struct, frozen=True):
    """What changed on a day, the newest first."""

    day: date
    lines: tuple[str, ...]


CHANGES: Final = (
    Change(
        date(2026, 12, 2),
        (
            N_("Versi pertama: dokumen, pembubuhan, bundel, kuota, organisasi, peristiwa, webhook, laporan."),
            N_("Lingkungan uji: kunci uji, skenario dengan Meterai-Scenario, dan jam yang dapat dimajukan."),
        ),
    ),
)
