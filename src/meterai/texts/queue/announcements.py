"""What the controller of a queue announces by itself on every wait page."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

STAMPING_STOPPED: Final = N_("Pemberian meterai sedang dihentikan sementara.")
STALLED: Final = N_("Pembayaran atau pengiriman kode sedang terganggu.")
LAST_STAMPS: Final = N_("Sisa meterai untuk yang sudah dipanggil. Bila masih ada, pemanggilan berlanjut.")
AUTOMATIC: Final = (STAMPING_STOPPED, STALLED, LAST_STAMPS)
"""An audit knows these words. When one changes, its former words stay here too: older statuses have them."""
