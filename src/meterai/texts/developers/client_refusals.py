"""What an owner reads when a client of the API or its key can't be changed."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_AS_PEM = N_("Tempel bagian publiknya saja: -----BEGIN PUBLIC KEY-----, atau sebuah JWK.")

CLIENT_REFUSALS: Final[dict[str, Explanation]] = {
    "client.name": Explanation(
        N_("Nama program terdiri atas 1 sampai 80 karakter."), N_("Beri nama yang lebih pendek.")
    ),
    "client.scope": Explanation(
        N_("Belum dipilih apa yang boleh dilakukan program ini."), N_("Pilih paling sedikit satu.")
    ),
    "client.unknown": Explanation(
        N_("Klien ini tidak ada, atau sudah dicabut."), N_("Muat ulang halaman ini dan pilih klien lain.")
    ),
    "client.key_unknown": Explanation(
        N_("Kunci ini tidak ada, atau sudah berakhir."), N_("Muat ulang halaman ini untuk melihat kuncinya.")
    ),
    "client.keys_many": Explanation(
        N_("Sudah ada {most} kunci yang berlaku, atau 20 klien."),
        N_("Akhiri sebuah kunci lebih dulu, atau minta petugas kami mencabut klien yang tidak dipakai."),
        facts={"most": 5},
    ),
    "client.key_known": Explanation(
        N_("Kunci ini sudah pernah didaftarkan. Sebuah kunci milik satu klien untuk selamanya."),
        N_("Buat pasangan kunci yang baru."),
    ),
    "client.key_unreadable": Explanation(N_("Ini bukan kunci publik."), _AS_PEM),
    "client.key_private": Explanation(
        N_("Ini kunci rahasia. Kami tidak menyimpannya, tetapi ia sudah meninggalkan program Anda."),
        N_("Buat pasangan kunci yang baru, dan tempel bagian publiknya saja."),
    ),
    "client.key_kind": Explanation(
        N_("Jenis kunci ini tidak dapat dipakai."),
        N_("Pakai P-256, Ed25519, atau RSA dengan {bits} sampai 4096 bit."),
        facts={"bits": 2048},
    ),
}
