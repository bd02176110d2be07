"""What stands below an officer's words in messages about news."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

READ_MORE: Final = N_("Keadaan terbaru: {link}")
FOOT: Final = N_("Pilih pesan yang Anda terima, atau berhenti: {link}")
