"""What is refused when officers change prices and events."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

OFFER_REFUSALS: Final[dict[str, Explanation]] = {
    "price.day_begun": Explanation(
        N_("Hari itu sudah mulai: orang sudah melihat harganya, atau sudah memesan. Tidak ada yang diubah."),
        N_("Pilih besok (WIB) atau sesudahnya. Hari ini hanya bisa selama belum ada satu pun pesanan."),
    ),
    "price.no_rate": Explanation(
        N_("Tarif PPN tidak terbaca. Tidak ada yang diubah."),
        N_("Tulis persennya, 0 sampai 100, seperti 11 atau 11,5."),
    ),
}
