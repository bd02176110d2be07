"""Sentences on pages that stand in no template."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_, N_count

CONTACT_FOR_RESULT: Final = N_("Ke mana kami kirim hasilnya?")
SIGN_IN: Final = N_("Masuk ke Meterai saya")
UNNAMED_DOCUMENT: Final = N_("Dokumen {position}")
QUOTA_PIECES: Final = N_count("{count} keping kuota")
NOT_IN_ZIP: Final = N_("TIDAK ADA DI SINI")
"""The name of the file that says which files a ZIP lacks."""
NOT_IN_ZIP_TEXT: Final = N_(
    "Berkas bermeterai berikut tidak dapat kami baca saat ini, jadi tidak ada di dalam ZIP ini.\n"
    "Unduh lagi nanti; bila tetap begitu, hubungi kami dengan nomor serinya."
)
BUNDLE_COLUMNS: Final = (
    N_("Berkas"),
    N_("Hasil"),
    N_("Nomor seri"),
    N_("SHA-256 berkas bermeterai"),
    N_("Alasan"),
    N_("Catatan"),
)
"""Of the report of a bundle."""
BROWSER_ON_SYSTEM: Final = N_("{browser} di {system}")
"""A device: such as Chrome on Android."""
UNKNOWN_DEVICE: Final = N_("Perangkat yang tidak kami kenali")
