"""What only a client of the API meets, or meets with other words than on a page."""

from __future__ import annotations

from typing import Final

from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_OPENAPI: Final = {"openapi": "/api/openapi.json"}
FOR_MACHINES: Final[dict[str, Explanation]] = {
    "api.not_found": Explanation(
        N_("API ini tidak memiliki alamat itu."), N_("Lihat alamat-alamatnya di {openapi}."), facts=_OPENAPI
    ),
    "api.unreadable": Explanation(
        N_("Permintaan ini tidak terbaca, atau alamat ini tidak menerima metode itu."),
        N_("Lihat {openapi}."),
        facts=_OPENAPI,
    ),
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
