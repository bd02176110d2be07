"""What an officer reads when news are refused."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_IN_BOTH = N_("Tulis dalam kedua bahasa, lalu kirim lagi. Belum ada yang diumumkan.")
_SHORTER = N_("Singkatkan, lalu kirim lagi. Belum ada yang diumumkan.")
_ANOTHER_TIME = N_("Pilih waktu lain, lalu kirim lagi. Belum ada yang diumumkan.")

NEWS_REFUSALS: Final[dict[str, Explanation]] = {
    "news.both_languages": Explanation(N_("Teks bahasa Indonesia atau bahasa Inggris belum ada."), _IN_BOTH),
    "news.title_too_long": Explanation(
        N_("Judul terlalu panjang: kedua bahasa bersama paling banyak {bytes_max} byte."), _SHORTER
    ),
    "news.text_too_long": Explanation(
        N_("Teks terlalu panjang: paling banyak {maximum} karakter dalam setiap bahasa."), _SHORTER
    ),
    "news.next_update": Explanation(
        N_("Kabar berikutnya harus dijanjikan untuk nanti, paling lama 12 jam lagi."), _ANOTHER_TIME
    ),
    "news.times": Explanation(
        N_("Gangguan tidak dapat mulai atau berakhir di masa depan, atau berakhir sebelum mulai."),
        _ANOTHER_TIME,
    ),
    "news.no_component": Explanation(
        N_("Belum ada bagian layanan yang dipilih."),
        N_("Pilih setidaknya satu bagian, lalu kirim lagi. Belum ada yang diumumkan."),
    ),
    "news.resolved_at_once": Explanation(
        N_("Gangguan tidak dapat diumumkan sebagai sudah selesai."),
        N_("Umumkan dengan keadaan lain, lalu nyatakan selesai."),
    ),
    "news.resolve_instead": Explanation(
        N_("Keadaan ini mengakhiri gangguan."),
        N_("Nyatakan gangguan selesai; kabar terakhirnya menjadi penutup."),
    ),
    "news.incident_unknown": Explanation(
        N_("Gangguan dengan nomor ini tidak ada."), N_("Lihat daftar gangguan, lalu coba lagi.")
    ),
    "news.incident_over": Explanation(
        N_("Gangguan ini sudah selesai."),
        N_("Bila kambuh, umumkan gangguan baru. Teks yang sudah dibaca orang tidak diubah."),
    ),
    "news.too_late_to_message": Explanation(
        N_("Gangguan ini sudah selesai lebih dari {days} hari yang lalu."),
        N_("Tulis permintaan maaf; pesan satu per satu tidak lagi dikirim."),
    ),
    "news.more_affected": Explanation(
        N_("Pesannya sekarang {messages}, lebih dari {messages_max} yang Anda setujui."),
        N_("Lihat lagi jumlah dan biayanya, lalu kirim. Belum ada pesan yang ditulis."),
    ),
    "news.nobody_affected": Explanation(
        N_("Tidak ada pelanggan terdampak yang belum dikirimi pesan."),
        N_("Tidak ada yang perlu dilakukan. Lihat lagi bila gangguan berlanjut."),
    ),
    "news.announcement_unknown": Explanation(
        N_("Pengumuman dengan nomor ini tidak ada."), N_("Lihat daftar pengumuman, lalu coba lagi.")
    ),
    "news.announcement_over": Explanation(
        N_("Pengumuman ini sudah berakhir."), N_("Tidak ada yang perlu dilakukan.")
    ),
    "news.announcement_times": Explanation(
        N_("Pengumuman harus berakhir nanti, sesudah mulai, dan paling lama {days_max} hari."), _ANOTHER_TIME
    ),
    "news.event_missing": Explanation(
        N_("Hanya pengumuman untuk acara atau antreannya yang menyebut acara, dan keduanya harus."),
        N_("Pilih acara, atau pembaca yang lain, lalu kirim lagi. Belum ada yang diumumkan."),
    ),
    "apology.no_changes": Explanation(
        N_("Teks tentang yang berubah belum ada dalam kedua bahasa."),
        N_("Tulis apa yang Anda ubah agar hal itu tidak terulang, dalam bahasa Indonesia dan Inggris."),
    ),
    "apology.changes_too_long": Explanation(
        N_("Teks tentang yang berubah terlalu panjang."),
        N_("Pakai paling banyak {maximum} karakter dalam setiap bahasa."),
    ),
    "apology.not_over": Explanation(
        N_("Gangguan ini belum selesai, jadi angka-angkanya belum dapat dihitung."),
        N_("Akhiri dulu dengan meterai incident resolve, lalu ulangi."),
    ),
    "apology.published": Explanation(
        N_("Permohonan maaf untuk gangguan ini sudah terbit dan tidak berubah lagi."),
        N_("Umumkan hal yang baru dengan meterai announcement add."),
    ),
    "apology.unbalanced": Explanation(
        N_("Angka uangnya tidak cocok dengan pembukuan, jadi tidak ada yang terbit."),
        N_("Jalankan meterai check dan cari sebabnya dulu."),
    ),
}
