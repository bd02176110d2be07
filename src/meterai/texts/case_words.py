"""Words about cases: the messages, the kinds and the states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.marks import N_

OPENED: Final = Letter(
    N_("Kasus {number} kami terima"),
    N_(
        "Kasus Anda kami terima. Nomornya {number}.\n\nLihat jawabannya di {site}/pengaduan/{number}/{code}. "
        "Jawaban juga kami kirim ke kontak ini.\n\n"
        "Bukan Anda yang mengirimnya? Abaikan pesan ini."
    ),
)
ANSWERED: Final = Letter(
    N_("Jawaban untuk kasus {number}"),
    N_(
        "Jawaban kami untuk kasus {number}:\n\n{answer}\n\n"
        "Kami tidak pernah meminta kode, PIN, atau kata sandi."
    ),
)
MISSING_PAYMENT: Final = N_(
    "Pembayaran tidak ditemukan.\n\nNomor: {number}\nWaktu membayar: {paid_at}\nJumlah: {sum}\n"
    "Penyedia pembayaran terakhir ditanya: {asked_at}"
)
"""The text of a case that the page of payments opens."""
NOT_GIVEN: Final = N_("tidak diisi")
NOT_ASKED: Final = N_("belum ditanya")
KINDS: Final[Mapping[str, str]] = {
    "money": N_("Uang atau pembayaran"),
    "stamp": N_("Meterai atau dokumen"),
    "line": N_("Antrean"),
    "account": N_("Kontak atau akun"),
    "access": N_("Hambatan aksesibilitas"),
    "fake": N_("Situs atau pesan palsu"),
    "other": N_("Lainnya"),
}
CASE_STATES: Final[Mapping[str, str]] = {
    "open": N_("Kami terima, belum dijawab"),
    "answered": N_("Sudah dijawab"),
    "closed": N_("Ditutup"),
}
