"""What a client of the API meets when it stamps documents, or meets with other words than on a page."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_MOVE: Final = N_("Pilih tempat lain, atau izinkan dengan “may_cover”: true di tempat itu.")

STAMP_PROBLEMS: Final[dict[str, Explanation]] = {
    "placement.keyword_missing": Explanation(
        N_("Kata kunci untuk tempat ke-{placement} tidak ditemukan; yang cocok hanya {found}."),
        N_("Periksa kata kunci, halaman, dan “occurrence”. Hasil pindai tanpa teks tidak punya kata."),
    ),
    "placement.over_text": Explanation(N_("Meterai ini menutupi tulisan di halaman {page}."), _MOVE),
    "placement.over_drawing": Explanation(
        N_("Meterai ini menutupi tulisan, gambar, atau tanda tangan di halaman {page}."), _MOVE
    ),
    "placement.over_field": Explanation(
        N_("Meterai ini menutupi kolom isian atau tempat tanda tangan di halaman {page}."), _MOVE
    ),
    "document.digest_differs": Explanation(
        N_("Isi yang tiba tidak sama dengan Content-Digest-nya. Tidak ada yang disimpan."),
        N_("Kirim lagi dengan Idempotency-Key yang sama."),
    ),
    "document.carries_stamp": Explanation(
        N_("Berkas ini sudah bermeterai."),
        N_("Bila memang perlu satu lagi, kirim “again”: true. Tidak ada meterai yang terpakai."),
    ),
    "stamp.one_document": Explanation(
        N_("Pesanan ini harus menyebut satu dokumen: “document_id” atau “file”."),
        N_("Kirim salah satunya saja."),
    ),
    "stamp.no_stock": Explanation(
        N_("Persediaan meterai organisasi ini tidak cukup."),
        N_("Tambah persediaan, lalu kirim lagi dengan Idempotency-Key yang sama."),
    ),
    "stamp.not_released": Explanation(
        N_("Dokumen ini belum selesai diberi meterai, atau ditolak."),
        N_("Baca keadaannya di alamat meterainya; berkasnya ada sesudah “released”."),
    ),
    "facts.missing": Explanation(
        N_("Pemungut harus menyebut data dokumen. Yang belum ada: {fields}."),
        N_("Isi semuanya di “facts”. Tidak ada meterai yang terpakai."),
    ),
}
