"""What an owner reads when a login of the wire can't be made or ended."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

LOGIN_REFUSALS: Final[dict[str, Explanation]] = {
    "login.user_name": Explanation(
        N_("Nama pengguna terdiri atas 3 sampai 100 huruf, angka, dan tanda . _ @ + -"),
        N_("Pilih nama lain, misalnya alamat email program Anda."),
    ),
    "login.taken": Explanation(N_("Nama pengguna ini sudah dipakai."), N_("Pilih nama lain.")),
    "login.many": Explanation(
        N_("Klien ini sudah mempunyai {most} nama pengguna."),
        N_("Akhiri yang tidak dipakai lebih dulu."),
        facts={"most": 5},
    ),
    "login.wire_off": Explanation(
        N_("Akses dengan nama pengguna dan kata sandi sedang mati."), N_("Nyalakan dulu di halaman ini.")
    ),
    "login.wire_so": Explanation(
        N_("Akses dengan nama pengguna dan kata sandi sudah dalam keadaan itu."),
        N_("Tidak ada yang perlu diubah."),
    ),
    "login.unknown": Explanation(
        N_("Nama pengguna ini tidak ada, atau sudah berakhir."),
        N_("Muat ulang halaman ini untuk melihat yang berlaku."),
    ),
}
