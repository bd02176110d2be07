"""The apology after an incident (`news.apology`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.marks import N_

APOLOGY: Final[Mapping[str, str]] = {
    "title": N_("Permohonan maaf: {title}"),
    "sorry": N_(
        "Dari {start} sampai {end} layanan kami terganggu. "
        "Anda berhak mendapat layanan yang lebih baik dari itu. Kami mohon maaf."
    ),
    "no_orders": N_("Tidak ada pesanan yang menunggu pembayaran atau meterai pada waktu itu."),
    "late": N_(
        "Belum akhir. Pesanan yang berakhir tanpa uang, tetapi uangnya masih dapat datang terlambat: "
        "{late_orders}. Uang itu menjadi meterai atau kembali dengan sendirinya."
    ),
    "open": N_(
        "Belum akhir. Pesanan dan dokumen yang belum selesai, atau uangnya masih dalam perjalanan "
        "kembali: {still_open}. Setiap pemesannya kami kabari."
    ),
    "final": N_(
        "Angka-angka ini akhir: tidak ada pesanan yang masih terbuka, dan tidak ada uang di perjalanan."
    ),
    "counted": N_("Dihitung {moment} dari pesanan dan pembukuan kami. Halaman ini tidak berubah lagi."),
    "changes": N_("Yang kami ubah"),
    "sums": N_("Jumlahnya sama dengan uang yang dibayar, menurut pembukuan kami."),
}
FACTS: Final[Mapping[str, str]] = {
    "orders": N_("Pesanan yang menunggu pembayaran atau meterai pada waktu itu"),
    "people": N_("Orang yang memesannya"),
    "paid_orders": N_("Pesanan yang uangnya sampai kepada kami"),
    "documents": N_("Dokumen yang menunggu meterai dari kuota"),
    "median_s": N_("Dari memesan sampai selesai: separuhnya paling lama"),
    "longest_s": N_("Yang paling lama"),
    "last_done_at": N_("Yang terakhir selesai"),
}
"""What it did to people, in the order of the page. Without money, the last three are left out."""
MONEY: Final[Mapping[str, str]] = {
    "paid": N_("Dibayar"),
    "stamped": N_("Menjadi meterai pada dokumen"),
    "held": N_("Meterai milik pemesan yang belum dibubuhkan"),
    "refunded": N_("Dikembalikan"),
    "under_way": N_("Dalam perjalanan kembali"),
    "undivided": N_("Baru masuk, belum dipilah"),
}
"""Every paid rupiah is one of the last five."""
