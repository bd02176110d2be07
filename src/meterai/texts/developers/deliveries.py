"""States of messages to webhooks, as owners read them."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

DELIVERY_STATES: Final = {
    "waiting": N_("Menunggu"),
    "delivered": N_("Diterima"),
    "failed": N_("Tidak diterima"),
    "stopped": N_("Dihentikan"),
}
