"""Words of the console's acts on partners and their programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.console_acts import ActWords, FieldWords
from meterai.texts.mechanism.marks import N_

ADD_PARTNER: Final = ActWords(
    N_("Tambah mitra"),
    N_("Menambah organisasi dalam rantai penjualan. Meterainya datang lewat setoran dan blok."),
    N_("{subject} sudah ditambahkan."),
)
ADD_CLIENT: Final = ActWords(
    N_("Daftarkan klien API"),
    N_("Mendaftarkan program seorang mitra dengan kunci publiknya. Ia langsung dapat dipakai."),
    N_("Klien terdaftar. Beri tahu mitranya: client_id {client}, kid {key}."),
)
CHANGE_CLIENT: Final = ActWords(
    N_("Ubah klien API"),
    N_("Mengubah apa yang boleh dilakukan sebuah program. Berlaku dalam lima detik. Yang kosong tetap."),
    N_("{subject} sudah diubah."),
)
REVOKE_CLIENT: Final = ActWords(
    N_("Cabut klien API"),
    N_("Mengakhiri sebuah program untuk selamanya. Dalam lima detik semua tokennya ditolak."),
    N_("{subject} sudah dicabut."),
)
END_KEY: Final = ActWords(
    N_("Akhiri kunci klien"),
    N_("Tanda tangan dan token dari kunci ini tidak berlaku lagi, sekarang atau mulai suatu waktu."),
    N_("Akhir kunci {subject} sudah tersimpan."),
)
END_LOGIN: Final = ActWords(
    N_("Akhiri nama pengguna klien"),
    N_("Mengakhiri nama pengguna dan kata sandi sebuah program. Dalam lima detik semua tokennya ditolak."),
    N_("{subject} sudah berakhir."),
)
FIELDS: Final[Mapping[str, FieldWords]] = {
    "code": FieldWords(N_("Kode"), N_("Nama pendek: huruf kecil, angka, tanda hubung, seperti bank-raya.")),
    "company": FieldWords(N_("Nama perusahaan"), ""),
    "role": FieldWords(N_("Peran dalam rantai penjualan"), ""),
    "below": FieldWords(N_("Di bawah"), N_("Kode organisasi di atasnya. Kosong: penerbit.")),
    "npwp": FieldWords(N_("NPWP"), N_("Angka saja, 15, 16 atau 22.")),
    "program": FieldWords(N_("Nama program"), N_("Seperti Core banking.")),
    "public_key": FieldWords(N_("Kunci publik"), N_("PEM atau JWK. Jangan pernah kunci rahasianya.")),
    "scopes": FieldWords(
        N_("Hak (scope)"),
        N_("Dipisah spasi, seperti stamps:write stamps:read. Kosong: semua, atau seperti sebelumnya."),
    ),
    "networks": FieldWords(
        N_("Jaringan"), N_("Dipisah spasi, seperti 203.0.113.0/24. Tanda * berarti dari mana saja.")
    ),
    "hour_max": FieldWords(N_("Meterai per jam, paling banyak"), N_("0: tanpa batas.")),
    "day_max": FieldWords(N_("Meterai per hari, paling banyak"), N_("0: tanpa batas.")),
    "client": FieldWords(N_("Id klien"), N_("Seperti cli_01j9z3f7m2e8jr4v6q0d5n8k7c.")),
    "api_key": FieldWords(N_("Id kunci"), N_("Seperti key_01j9z3f7m2e8jr4v6q0d5n8k7c.")),
    "ends_at": FieldWords(N_("Berakhir pada"), N_("Dalam WIB. Kosong: sekarang.")),
    "user": FieldWords(N_("Nama pengguna"), ""),
}
PARENT: Final = N_("Organisasi di atasnya")
ISSUER: Final = N_("penerbit")
COMPANY: Final = N_("Organisasi")
PROGRAM: Final = N_("Program")
THUMBPRINT: Final = N_("Sidik kunci")
SCOPES: Final = N_("Hak sesudahnya")
NETWORKS: Final = N_("Jaringan sesudahnya")
ANYWHERE: Final = N_("dari mana saja")
HOUR_MAX: Final = N_("Per jam sesudahnya")
DAY_MAX: Final = N_("Per hari sesudahnya")
NO_CAP: Final = N_("tanpa batas")
SINCE: Final = N_("Sejak")
ENDS_AT: Final = N_("Berakhir")
NOW: Final = N_("sekarang")
LAST_USE: Final = N_("Terakhir dipakai")
NEVER: Final = N_("belum pernah")
