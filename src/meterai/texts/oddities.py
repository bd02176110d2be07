"""Why people should look at a file of a bundle before they stamp it."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

ODDITIES: Final[dict[str, str]] = {
    "stamped": N_("Sudah bermeterai: dilewati, kecuali Anda mencentangnya di bawah."),
    "covers": N_("Meterainya menutupi tulisan atau gambar."),
    "photo": N_("Dibuat dari foto: lihat apakah semuanya terbaca."),
    "sideways": N_("Halamannya melebar, tidak seperti kebanyakan."),
    "size": N_("Ukuran halamannya lain dari kebanyakan."),
    "page": N_("Meterainya di halaman lain dari kebanyakan."),
}
"""By the values of `stamping.bundles.ready_files.Oddity`."""
