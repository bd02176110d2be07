"""What only a client of the API meets, or meets with other words than on a page."""

from __future__ import annotations

from typing import Final

from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.texts.access_problems import ACCESS_PROBLEMS
from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_
from meterai.texts.refusals import TABLE
from meterai.texts.stamp_problems import STAMP_PROBLEMS
from meterai.texts.wire import WIRE_PROBLEMS

_OPENAPI: Final = {"openapi": "/api/openapi.json"}
FOR_MACHINES: Final[dict[str, Explanation]] = {
    **STAMP_PROBLEMS,
    "api.not_found": Explanation(
        N_("API ini tidak memiliki alamat itu."), N_("Lihat alamat-alamatnya di {openapi}."), facts=_OPENAPI
    ),
    "api.unreadable": Explanation(
        N_("Permintaan ini tidak terbaca, atau alamat ini tidak menerima metode itu."),
        N_("Lihat {openapi}."),
        facts=_OPENAPI,
    ),
    "api.unknown_id": Explanation(
        N_("Tidak ada yang memiliki id ini, atau milik organisasi lain."),
        N_("Periksa id-nya, dan apakah token ini milik organisasi yang benar."),
    ),
    "api.invalid": Explanation(
        N_("Permintaan ini tidak sesuai skemanya, di {field}."),
        N_("Lihat `errors` dan {openapi}, perbaiki, lalu kirim dengan Idempotency-Key yang baru."),
        facts={**_OPENAPI, "field": "body"},
    ),
    "api.body_unreadable": Explanation(
        N_("Isi permintaan ini bukan JSON."), N_("Kirim JSON dalam UTF-8. Lihat {openapi}."), facts=_OPENAPI
    ),
    "api.body_cut": Explanation(
        N_("Isi permintaan ini tidak sampai dengan utuh."),
        N_("Kirim sekali lagi, dengan Idempotency-Key yang sama."),
    ),
    "api.body_too_large": Explanation(
        N_("Isi permintaan ini lebih dari {maximum} bita."),
        N_("Kirim yang lebih kecil. Batasnya ada di {openapi}."),
        facts={**_OPENAPI, "maximum": 0},
    ),
    "api.media_type": Explanation(
        N_("Isi permintaan ini bukan {media_type}, atau dimampatkan."),
        N_("Kirim sebagai {media_type}, tanpa Content-Encoding."),
        facts={"media_type": "application/json"},
    ),
    "api.cursor": Explanation(
        N_("Penanda halaman (cursor) ini bukan dari kami."),
        N_("Ambil `next_cursor` dari halaman sebelumnya, atau mulai dari halaman pertama tanpa cursor."),
    ),
    "api.key_missing": Explanation(
        N_("Permintaan ini tidak memiliki Idempotency-Key, atau isinya tidak dapat dipakai."),
        N_(
            "Kirim 1 sampai 255 karakter ASCII tanpa spasi, misalnya UUID. "
            "Setiap permintaan baru perlu kunci baru."
        ),
    ),
    "api.key_reused": Explanation(
        N_("Idempotency-Key ini sudah dipakai untuk permintaan lain."),
        N_("Pakai kunci baru untuk permintaan baru. Kirim ulang permintaan lama tanpa mengubah isinya."),
    ),
    "api.key_running": Explanation(
        N_("Permintaan dengan Idempotency-Key ini sedang dikerjakan."),
        N_("Tunggu beberapa detik, lalu kirim lagi dengan kunci yang sama."),
    ),
    "api.too_many": Explanation(
        N_("Terlalu banyak permintaan dari klien ini."),
        N_("Tunggu {retry_after_s} detik, lalu kirim lagi dengan Idempotency-Key yang sama."),
        facts={"retry_after_s": 5},
    ),
    **ACCESS_PROBLEMS,
    **WIRE_PROBLEMS,
    "api.empty": Explanation(
        N_("Permintaan ini tidak berisi apa-apa."),
        N_("Kirim PDF-nya sebagai isi. Bila dikirim untuk kedua kali: baca berkasnya lagi dari awal."),
    ),
    "api.form": Explanation(
        N_("Isi permintaan ini formulir atau JSON, bukan PDF."),
        N_("Kirim PDF-nya saja sebagai isi, bita demi bita (curl --data-binary @BERKAS.pdf)."),
    ),
    "api.packed": Explanation(
        N_("Isi permintaan ini dimampatkan."), N_("Kirim PDF-nya apa adanya, tanpa Content-Encoding.")
    ),
    "pdf.too_large": Explanation(
        N_("Berkas ini lebih dari {checked_bytes_max}; yang kami beri meterai tidak sebesar itu."),
        N_("Kirim berkas lain, atau periksa sidik digitalnya."),
        facts={"checked_bytes_max": CHECKED_BYTES_MAX},
    ),
}


def explanation_of(code: str) -> Explanation | None:
    """The words for a code, as clients of the API get them. None for a code that there is not."""
    return FOR_MACHINES.get(code) or TABLE.get(code)
