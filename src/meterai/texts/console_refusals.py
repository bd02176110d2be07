"""What the console refuses, in words for officers."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

CONSOLE_REFUSALS: Final[dict[str, Explanation]] = {
    "officer.role_missing": Explanation(
        N_("Peran Anda tidak mengizinkan ini. Yang diperlukan: {roles}. Tidak ada yang diubah."),
        N_("Minta petugas dengan peran itu. Peran tercatat di berkas petugas; root yang mengubahnya."),
        facts={"roles": "admin"},
    ),
    "officer.sign_in_needed": Explanation(
        N_("Petugas sudah tercatat di sini, jadi setiap orang harus masuk dengan namanya sendiri."),
        N_("Rilis ini belum dapat memeriksa nama Anda di konsol. Pakai perintah meterai di server."),
    ),
    "officer.passkey_not_made": Explanation(
        N_("Kunci sandi ini tidak tersimpan. Tidak ada yang diubah."),
        N_("Muat ulang halaman, lalu coba lagi. Peramban harus meminta sidik jari atau PIN Anda."),
    ),
    "officer.passkey_wrong": Explanation(
        N_("Kunci sandi ini tidak berlaku di sini. Tidak ada yang diubah."),
        N_("Muat ulang halaman, lalu coba lagi dengan kunci sandi Anda, atau pakai kode dari aplikasi."),
    ),
    "officer.passkey_copied": Explanation(
        N_("Hitungan kunci sandi ini mundur: mungkin ada salinannya. Tidak ada yang diubah."),
        N_("Akhiri kunci sandi ini di halaman Cara masuk, dan beri tahu petugas admin."),
    ),
    "officer.no_session": Explanation(
        N_("Sesi ini sudah berakhir."),
        N_("Buka daftar sesi lagi untuk melihat yang masih berjalan."),
    ),
}
