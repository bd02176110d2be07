"""The kinds of news that people may turn on and off (`customers.choices.NewsKind`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from meterai.texts.mechanism.marks import N_


class KindWords(NamedTuple):
    """The name of a kind, and what it brings."""

    name: str
    what: str


NEWS_KINDS: Final[Mapping[str, KindWords]] = {
    "order": KindWords(
        N_("Kabar pesanan"),
        N_(
            "Pembayaran yang masuk, dokumen yang selesai, uang yang kembali. "
            "Sedikitnya satu kontak menerimanya."
        ),
    ),
    "reminder": KindWords(
        N_("Pengingat antrean"),
        N_("Giliran Anda hampir tiba, atau sudah tiba. Hanya bila Anda memintanya di halaman antrean."),
    ),
    "incident": KindWords(
        N_("Gangguan yang mengenai Anda"),
        N_("Pesanan Anda tertunda karena ada yang rusak, dan kapan itu beres. Hanya untuk yang terkena."),
    ),
    "announcement": KindWords(
        N_("Pengumuman dari kami"),
        N_("Perubahan jadwal, harga, atau layanan. Jarang, dan tidak pernah iklan."),
    ),
}
