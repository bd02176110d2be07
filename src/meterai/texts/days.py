"""Words for the figures of a closed day."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

FIGURES: Final = {
    "paid": N_("Dibayar"),
    "stamped": N_("Sudah menjadi meterai"),
    "held": N_("Kuota yang belum dipakai"),
    "refunded": N_("Dikembalikan"),
    "suspense": N_("Belum dipilah"),
}
"""Every paid rupiah is one of the last four."""
MEANINGS: Final = {
    "paid": N_("uang yang masuk dari pembeli"),
    "stamped": N_("dibubuhkan pada dokumen"),
    "held": N_("milik pembeli, dapat dipakai atau dikembalikan kapan saja"),
    "refunded": N_("menjadi utang kepada pembeli, atau sudah dibayar kembali"),
    "suspense": N_("uang yang baru masuk"),
}
