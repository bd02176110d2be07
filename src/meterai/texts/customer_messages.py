"""Messages about a customer's contacts: the code that proves one, and news of a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.marks import N_

CODE: Final = Letter(
    N_("Kode Meterai Anda"),
    N_(
        "Kode Anda: {code}\n\nBerlaku 10 menit. Jangan berikan kode ini kepada siapa pun; "
        "kami tidak pernah memintanya lewat telepon atau pesan.\n\n"
        "Tidak merasa meminta kode? Abaikan pesan ini, tidak ada yang berubah."
    ),
)
CODE_FOR_ORDER: Final = Letter(
    N_("Kode untuk pesanan Meterai Anda"),
    N_(
        "Kode Anda: {code}\n\nDengan kode ini, pengembalian dana atau pembatalan pesanan Anda disahkan. "
        "Berlaku 10 menit. Jangan berikan kode ini kepada siapa pun; "
        "kami tidak pernah memintanya lewat telepon atau pesan.\n\n"
        "Bukan Anda yang meminta? Abaikan pesan ini: tanpa kode, tidak ada yang berubah."
    ),
)
"""For `Purpose.ORDER_ACT`: people see what the code is for before they type it anywhere."""
CONTACT_CHANGES: Final[Mapping[str, Letter]] = {
    "add": Letter(
        N_("Kontak baru pada akun Meterai Anda"),
        N_(
            "{contact} sekarang juga menjadi kontak akun Meterai Anda: "
            "siapa pun yang memegangnya dapat masuk.\n\n"
            "Bukan Anda yang menambahkannya? Masuk ke Meterai saya dengan kontak Anda sendiri "
            "dan hapus kontak itu."
        ),
    ),
    "remove": Letter(
        N_("Kontak dihapus dari akun Meterai Anda"),
        N_(
            "{contact} bukan lagi kontak akun Meterai Anda dan tidak dapat dipakai lagi untuk masuk.\n\n"
            "Bukan Anda yang menghapusnya? Masuk dengan kontak Anda yang lain dan periksa Kontak Anda, "
            "atau segera hubungi kami."
        ),
    ),
}
