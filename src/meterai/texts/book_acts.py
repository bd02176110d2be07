"""Words of the console's acts on the books: the close of a day, and lines of the bank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.console_acts import ActWords, FieldWords
from meterai.texts.mechanism.marks import N_

CLOSE_DAY: Final = ActWords(
    N_("Tutup hari yang sudah lewat"),
    N_(
        "Biasanya terjadi sendiri pukul 00.15 WIB. Ini memintanya sekarang: hari tertua dulu, dengan laporan "
        "yang ditandatangani. Hari yang ditutup tidak menerima pembukuan lagi."
    ),
    N_(
        "Penutupan {subject} diminta. Proses penutup hari mencobanya dalam setengah menit; bila dijalankan "
        "oleh timer, dalam lima menit. Bila gagal, log-nya menyebut sebabnya. Tidak ada uang yang bergerak."
    ),
)
EXPLAIN_LINE: Final = ActWords(
    N_("Jelaskan baris bank"),
    N_("Mencatat untuk apa uang pada sebuah baris rekening koran. Uangnya sendiri tidak bergerak."),
    N_("Baris itu sudah dicatat sebagai {explanation}."),
)
FIELDS: Final[Mapping[str, FieldWords]] = {
    "line": FieldWords(N_("Baris bank"), N_("Yang belum dijelaskan, yang tertua dulu.")),
    "explanation": FieldWords(N_("Untuk apa"), ""),
    "payout": FieldWords(
        N_("Referensi pencairan gateway"), N_("Hanya untuk pencairan gateway, dengan jumlah yang sama.")
    ),
}
EXPLANATIONS: Final[Mapping[str, str]] = {
    "payout": N_("pencairan gateway yang tidak disebut bank"),
    "top_up": N_("uang ke penyedia pencairan"),
    "face_value": N_("pembayaran meterai ke penerbit atau distributor"),
    "vat": N_("PPN ke kantor pajak"),
    "bank_cost": N_("biaya dan bunga bank"),
    "other": N_("dibukukan di tempat lain"),
}
SINCE: Final = N_("Dapat ditutup sejak")
BALANCES: Final = N_("Apakah seimbang")
BALANCED: Final = N_("ya")
UNBALANCED: Final = N_("tidak: hari ini tidak akan mendapat laporan")
GAP: Final = N_("Dibayar dikurangi keempat bagiannya")
GAP_IN_PIECES: Final = N_("Yang sama dalam keping")
DIFFERENCES: Final = N_("Selisih yang masih terbuka")
DAY: Final = N_("Tanggal")
AMOUNT: Final = N_("Jumlah uang")
BANK_SAYS: Final = N_("Kata bank")
NOW: Final = N_("Sekarang dicatat sebagai")
UNEXPLAINED: Final = N_("belum dijelaskan")
