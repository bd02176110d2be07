"""What is refused when officers change prices and events."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

OFFER_REFUSALS: Final[dict[str, Explanation]] = {
    "event.known": Explanation(
        N_("Acara dengan nama pendek itu sudah ada. Tidak ada yang diubah."),
        N_(
            "Ubah acara itu, atau pilih nama pendek lain. Setiap putaran punya namanya sendiri, "
            "seperti casn-2027."
        ),
    ),
    "event.over": Explanation(
        N_("Acara ini sudah berakhir. Tidak ada yang diubah."),
        N_("Untuk membukanya lagi, ubah waktu tutupnya."),
    ),
    "event.later": Explanation(
        N_("Acara ini sudah tutup pada waktu itu. Tidak ada yang diubah."),
        N_("Pilih waktu sebelum ia tutup. Untuk memperpanjang, ubah acaranya."),
    ),
    "event.not_entered": Explanation(
        N_(
            "Petugas tidak mencatat apa pun tentang acara ini: berkas acara sudah berlaku. "
            "Tidak ada yang diubah."
        ),
        N_("Tidak ada yang perlu dilakukan."),
    ),
    "event.another_round": Explanation(
        N_("Antrean acara ini sudah dibuka dan hanya punya satu putaran. Tidak ada yang diubah."),
        N_("Buka putaran berikutnya sebagai acara baru, seperti casn-2027; atau ubah waktu tutupnya saja."),
    ),
    "event.line_stands": Explanation(
        N_("Orang masih mengantre di acara ini, dan berkas acara tidak menyebutnya. Tidak ada yang diubah."),
        N_("Tutup dulu acaranya, atau tunggu sampai antreannya kosong."),
    ),
    "event.slug": Explanation(
        N_("Nama pendek itu tidak bisa dipakai. Tidak ada yang diubah."),
        N_(
            "Tulis huruf kecil, angka dan tanda hubung, seperti casn-2027. "
            "Nama halaman lain di situs tidak bisa dipakai."
        ),
    ),
    "event.times": Explanation(
        N_("Waktu tutupnya tidak sesudah waktu bukanya, atau waktunya tidak terbaca. Tidak ada yang diubah."),
        N_("Tulis waktu seperti 2027-08-20T08:00, dan tutup sesudah buka."),
    ),
    "event.past": Explanation(
        N_("Waktu tutup itu sudah lewat. Tidak ada yang diubah."),
        N_("Pilih waktu yang akan datang. Untuk mengakhirinya sekarang, tutup acaranya."),
    ),
    "event.papers": Explanation(
        N_("Daftar dokumennya tidak terbaca. Tidak ada yang diubah."),
        N_(
            "Tulis 1 sampai {maximum} baris, masing-masing dengan kata kunci sendiri: "
            "surat_lamaran | Surat lamaran | Letter of application"
        ),
    ),
    "event.line": Explanation(
        N_("Waktu atau aturan antreannya tidak cocok dengan waktu acaranya. Tidak ada yang diubah."),
        N_(
            "Antrean dibuka, memanggil terakhir, lalu tutup, dan tidak sesudah acaranya. "
            "Periksa [event.queue]."
        ),
    ),
    "event.unreadable": Explanation(
        N_("Ada isi yang tidak bisa dipakai: batas berkas, versi PDF, atau alamat. Tidak ada yang diubah."),
        N_("Berkas paling kecil 20 KB, versi PDF seperti 1.6, dan alamat dimulai dengan https://."),
    ),
    "price.day_begun": Explanation(
        N_("Hari itu sudah mulai: orang sudah melihat harganya, atau sudah memesan. Tidak ada yang diubah."),
        N_("Pilih besok (WIB) atau sesudahnya. Hari ini hanya bisa selama belum ada satu pun pesanan."),
    ),
    "price.no_rate": Explanation(
        N_("Tarif PPN tidak terbaca. Tidak ada yang diubah."),
        N_("Tulis persennya, 0 sampai 100, seperti 11 atau 11,5."),
    ),
}
