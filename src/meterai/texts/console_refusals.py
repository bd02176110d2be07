"""What the console refuses, in words for officers."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

CONSOLE_REFUSALS: Final[dict[str, Explanation]] = {
    "day.all_closed": Explanation(
        N_("Semua hari yang sudah lewat sudah ditutup."),
        N_("Hari ini dapat ditutup mulai 00.15 WIB besok. Tidak ada uang yang bergerak."),
    ),
    "officer.role_missing": Explanation(
        N_("Peran Anda tidak mengizinkan ini. Yang diperlukan: {roles}. Tidak ada yang diubah."),
        N_("Minta petugas dengan peran itu. Peran tercatat di berkas petugas; root yang mengubahnya."),
        facts={"roles": "admin"},
    ),
    "officer.sign_in_needed": Explanation(
        N_("Petugas sudah tercatat di sini, jadi setiap orang harus masuk dengan namanya sendiri."),
        N_("Masuk dengan nama, kata sandi dan kode Anda."),
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
    "officer.may_not": Explanation(
        N_("Peran Anda tidak mengizinkan persetujuan ini. Tidak ada yang dilakukan; uang tidak bergerak."),
        N_("Minta petugas yang berperan sesuai. Peran tercatat di berkas petugas; root yang mengubahnya."),
    ),
    "officer.unsigned": Explanation(
        N_("Persetujuan Anda belum ada. Tidak ada yang dilakukan; uang tidak bergerak."),
        N_("Kembali ke halaman konfirmasi, lalu pakai kode dari aplikasi autentikator atau kunci sandi."),
    ),
    "officer.other_text": Explanation(
        N_("Yang Anda setujui bukan tindakan ini: ada yang berubah sementara itu. Tidak ada yang dilakukan."),
        N_("Mulai lagi dari formulirnya, dan baca angka-angkanya sebelum menyetujui."),
    ),
    "officer.signature_old": Explanation(
        N_("Halaman konfirmasi ini sudah terlalu lama terbuka. Tidak ada yang dilakukan."),
        N_("Mulai lagi dari formulirnya. Persetujuan berlaku satu jam."),
    ),
    "officer.signature_used": Explanation(
        N_("Kode atau persetujuan ini sudah pernah dipakai. Tidak ada yang dilakukan kali ini."),
        N_("Tunggu kode berikutnya di aplikasi autentikator, lalu kirim lagi."),
    ),
    "officer.signed_before": Explanation(
        N_("Anda sudah menyetujui permintaan ini. Petugas lain yang harus menyetujuinya."),
        N_("Minta petugas lain membuka permintaan ini."),
    ),
    "officer.wrong_code": Explanation(
        N_("Kode ini tidak cocok. Tidak ada yang dilakukan."),
        N_("Ketik kode yang tampak sekarang. Bila tetap tidak cocok, periksa jam ponsel Anda."),
    ),
    "officer.tried_too_often": Explanation(
        N_("Terlalu banyak percobaan yang gagal. Tidak ada yang dilakukan."),
        N_("Coba lagi {minutes} menit kemudian. Bila bukan Anda yang mencoba, beri tahu petugas admin."),
        facts={"minutes": 15},
    ),
    "stock.pieces": Explanation(
        N_("Satu setoran membayar paling sedikit 1 dan paling banyak {pieces_max} meterai, dan punya nomor."),
        N_("Baca lagi bukti setornya. Tidak ada yang dibukukan."),
        facts={"pieces_max": 100_000_000},
    ),
    "stock.above_limit": Explanation(
        N_("Ini melebihi batas sekali terbit, juga dengan dua persetujuan. Tidak ada yang dibukukan."),
        N_("Terbitkan dalam beberapa bagian, atau minta root menaikkan batas di berkas petugas."),
    ),
    "stock.issued_before": Explanation(
        N_("Stok untuk setoran {deposit} sudah terbit. Tidak ada yang dibukukan kali ini."),
        N_("Periksa nomor di bukti setornya."),
        facts={"deposit": "NTPN"},
    ),
    "ledger.id_reused": Explanation(
        N_("Nomor ini sudah dibukukan dengan angka lain. Tidak ada yang dibukukan kali ini."),
        N_("Baca lagi nomor dan angka di buktinya."),
    ),
    "partner.parent_decides": Explanation(
        N_("Mitra ini tidak tepat di bawah penerbit: induknya yang memutuskan. Tidak ada yang dicatat."),
        N_("Induknya mencatatnya lewat API, atau Anda dengan perintah meterai partner."),
    ),
    "person.unknown": Explanation(
        N_("Tidak ada data tentang kontak ini."),
        N_("Tanyakan email atau nomor telepon yang dipakai orangnya di sini."),
    ),
    "person.not_settled": Explanation(
        N_(
            "Belum ada yang dihapus: masih ada pesanan, pengembalian dana, kuota, atau dokumen orang ini "
            "yang belum selesai."
        ),
        N_("Cari pesanannya di atas dan selesaikan bersama orangnya, lalu coba lagi."),
    ),
    "key.known": Explanation(
        N_("Kunci {key_id} sudah terdaftar. Tidak ada yang diubah."),
        N_("Lihat semuanya dengan meterai keys list."),
        facts={"key_id": "0123456789abcdef"},
    ),
    "key.unfit": Explanation(
        N_("Kunci ini tidak boleh menandatangani: {what} tidak sesuai. Tidak ada yang diubah."),
        N_("Lihat docs/keys.md, bagian 4: apa yang diperlukan sebuah kunci."),
        facts={"what": "chain"},
    ),
    "release.asked_before": Explanation(
        N_("Yang sama sudah diminta: permintaan {number}. Tidak ada yang diubah; uang tidak bergerak."),
        N_("Petugas lain menyetujui permintaan {number} itu, di konsol atau dengan meterai release sign."),
        facts={"number": 12},
    ),
    "release.not_yours": Explanation(
        N_("Hanya petugas yang meminta atau admin yang boleh menarik permintaan ini. Ia tetap menunggu."),
        N_("Minta petugas itu, atau admin, untuk menariknya. Tanpa persetujuan ia gugur pada waktunya."),
    ),
    "release.carried_out": Explanation(
        N_("Permintaan ini sudah disetujui dua petugas dan sudah dilakukan, satu kali."),
        N_("Tidak ada lagi yang perlu disetujui. Daftar permintaan memuat yang masih menunggu."),
    ),
    "release.not_open": Explanation(
        N_("Permintaan ini tidak terbuka lagi: sudah dilakukan, ditarik, atau lewat waktunya."),
        N_("Buka daftar permintaan untuk melihat yang masih menunggu."),
    ),
    "officer.wrong_password": Explanation(
        N_("Nama atau kata sandi ini tidak cocok."),
        N_("Coba lagi. Bila lupa, minta undangan baru kepada pemilik server."),
    ),
    "officer.sign_in_again": Explanation(
        N_("Masuk ini sudah terlalu lama terbuka."),
        N_("Mulai lagi dengan nama dan kata sandi Anda."),
    ),
    "officer.invitation_over": Explanation(
        N_("Undangan ini tidak berlaku: sudah dipakai, diganti, atau lewat 24 jam."),
        N_("Minta undangan baru kepada pemilik server."),
    ),
    "officer.password_weak": Explanation(
        N_("Kata sandi ini mudah ditebak: terlalu pendek, memuat nama Anda, atau hampir satu huruf saja."),
        N_("Pilih paling sedikit 12 karakter, misalnya empat kata yang tidak berhubungan."),
    ),
    "officer.password_differs": Explanation(
        N_("Kedua kata sandi tidak sama."), N_("Ketik kata sandi yang sama dua kali.")
    ),
    "officer.passkey_known": Explanation(
        N_("Kunci sandi ini sudah pernah ditambahkan. Tidak ada yang diubah."),
        N_("Lihat daftar di halaman Cara masuk. Kunci sandi yang sudah diakhiri tidak dapat kembali."),
    ),
    "officer.no_passkey": Explanation(
        N_("Kunci sandi ini tidak ada, atau sudah diakhiri."),
        N_("Buka halaman Cara masuk lagi untuk melihat yang masih berlaku."),
    ),
    "officer.last_factor": Explanation(
        N_("Ini satu-satunya cara masuk Anda, jadi tidak dapat diakhiri. Tidak ada yang diubah."),
        N_("Minta undangan baru kepada pemilik server: saat dipakai, semua cara masuk yang lama berakhir."),
    ),
    "officer.no_session": Explanation(
        N_("Sesi ini sudah berakhir."),
        N_("Buka daftar sesi lagi untuk melihat yang masih berjalan."),
    ),
    "find.no_order": Explanation(
        N_("Tidak ada pesanan dengan nomor ini."),
        N_("Periksa nomornya, atau cari dengan kontak atau nomor pembayarannya."),
    ),
    "find.no_case": Explanation(
        N_("Tidak ada kasus dengan nomor ini."),
        N_("Periksa nomornya, atau cari dengan kontak orangnya. Kasus lama yang sudah ditutup dihapus."),
    ),
    "find.no_key": Explanation(
        N_("Tidak ada kunci tanda tangan dengan id ini."),
        N_("Periksa id-nya, atau cari dengan nomor sertifikatnya."),
    ),
    "find.nothing": Explanation(
        N_("Yang Anda cari tidak ada lagi. Data pribadi tetap tersamar."),
        N_("Cari lagi dengan nomor atau kontaknya."),
    ),
    "person.reason_missing": Explanation(
        N_("Alasannya belum ada, atau terlalu panjang. Data pribadi tetap tersamar."),
        N_("Tulis 5 sampai 200 karakter, tanpa nama dan kontak siapa pun."),
    ),
}
