"""What officers read on the page "Now" about each sign of trouble: what is so, and what to do."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

ALL_WELL: Final = N_("Semua berjalan")

CHARTS: Final = {
    "orders": (N_("Pesanan"), N_("tiap detik")),
    "stamps": (N_("Meterai"), N_("tiap detik")),
    "people": (N_("Orang di antrean"), N_("orang")),
    "late": (N_("Tertua yang dibayar dan belum dimeteraikan"), N_("detik")),
    "p95": (N_("Dari bayar sampai dimeteraikan (p95)"), N_("detik")),
}
"""Title and unit of each chart."""
CHART_SUMMARY: Final = N_("{title}, {unit}: sekarang {last}, tertinggi {most}, dari {begins} sampai {ends}.")
CHART_EMPTY: Final = N_("{title}: belum ada yang tercatat.")

LINE_STATES: Final = {
    "off": N_("tidak dipakai"),
    "direct": N_("langsung masuk"),
    "lottery": N_("sebelum dibuka"),
    "open": N_("dibuka"),
    "last_call": N_("hampir ditutup"),
    "halted": N_("ditahan"),
    "out_of_stock": N_("stok habis"),
    "closed": N_("ditutup"),
}
"""What officers read about the state of a line."""

SIGNS: Final[dict[str, Explanation]] = {
    "database_down": Explanation(
        N_("Basis data tidak menjawab"),
        N_(
            "Gerbang dan halaman tunggu berjalan terus. Baca postgres.log, atau hubungi pengelola"
            " server basis data. Tidak ada uang yang hilang."
        ),
    ),
    "site_silent": Explanation(
        N_("Situs tidak melapor sejak lebih dari setengah menit"),
        N_("Periksa journalctl -u meterai: proses mana yang berhenti, dan mengapa tidak dijalankan lagi."),
    ),
    "signing_stopped": Explanation(
        N_("Sakelar henti dilempar: tidak ada yang dimeteraikan"),
        N_(
            "Yang sudah dibayar tersimpan. Cari tahu mengapa dihentikan; dua petugas melepasnya "
            "lagi. Bila akan lama, tahan juga antreannya."
        ),
    ),
    "worker_stands": Explanation(
        N_("Pekerja tidak mengerjakan yang sudah waktunya"),
        N_("Periksa journalctl -u meterai dan worker.log: pekerja berhenti, atau basis data terlalu lambat."),
    ),
    "signer_down": Explanation(
        N_("Penanda tangan tidak dapat menandatangani ({reason})"),
        N_(
            "Yang dibayar menunggu dengan nomor serinya. Jalankan meterai keys list: token tidak "
            "terpasang, PIN salah, atau kunci berakhir."
        ),
    ),
    "invariants_broken": Explanation(
        N_("Pembukuan, meterai, dan pesanan tidak cocok: {ids}"),
        N_(
            "Jalankan meterai check --no-files; keluarannya menyebut langkah berikutnya. Jangan "
            "ubah baris apa pun dengan tangan."
        ),
    ),
    "payments_down": Explanation(
        N_("Pembayaran terganggu: tagihan tidak terbuka atau tidak ditanyakan"),
        N_(
            "Lihat sebabnya di bagian Gerbang pembayaran dan di log. Tunggu beberapa menit; tidak"
            " ada uang yang hilang. Bila berlanjut, tahan antrean dan umumkan."
        ),
    ),
    "stamps_late": Explanation(
        N_("Ada yang sudah membayar dan menunggu meterai sejak {late_s}"),
        N_(
            "Buka pesanan tertua di bawah. Biasanya otoritas cap waktu atau penanda tangan yang "
            "bermasalah; yang tertunda dikerjakan lagi secara otomatis."
        ),
    ),
    "out_of_stock": Explanation(
        N_("Stok meterai habis: tidak ada yang dapat membeli"),
        N_(
            "Tidak ada yang ditagih. Dua petugas keuangan menerbitkan stok dengan bukti setoran; "
            "penjualan berlanjut dalam hitungan detik."
        ),
    ),
    "line_stands": Explanation(
        N_("Antrean {event} tidak bergerak: halaman tunggu tidak diperbarui sejak {age_s}"),
        N_(
            "Baca queue.log. Bila satu menit tidak ada isinya, jalankan ulang layanan. Tidak ada "
            "yang kehilangan tempat."
        ),
    ),
    "site_faults": Explanation(
        N_("Satu dari dua puluh permintaan gagal karena kami atau gerbang pembayaran"),
        N_("Cari request_failed di site.log; kode bantuan di sana sama dengan yang dibaca pelanggan."),
    ),
    "disk_full": Explanation(
        N_("Disk {folder} hampir penuh: tinggal {free_bytes}"),
        N_(
            "Di bawah cadangan, unggahan ditolak; yang sudah dibayar berjalan terus. Jalankan df "
            "-h, lalu meterai purge --dry-run."
        ),
    ),
    "refunds_late": Explanation(
        N_("Pengembalian dana belum terkirim sejak {late_s}"),
        N_(
            "Jalankan meterai refunds list: kode di sana menyebut sebabnya. Pengembalian dicoba "
            "lagi secara otomatis."
        ),
    ),
    "wal_not_received": Explanation(
        N_("WAL tidak diterima; disk basis data terisi"),
        N_("Periksa journalctl -u meterai-wal, lalu jalankan lagi unitnya."),
    ),
    "copy_behind": Explanation(
        N_("Salinan di disk lain tertinggal {late_s}"),
        N_("Pasang disk salinan, beri ruang di sana, atau jalankan meterai-wal."),
    ),
    "day_not_closed": Explanation(
        N_("Hari yang lewat belum ditutup sejak {late_s}"),
        N_(
            "Penjualan berjalan terus. journalctl -u meterai-day-close menyebut sebabnya; sesudah itu "
            "petugas keuangan memintanya ditutup sekarang."
        ),
    ),
    "audit_head_behind": Explanation(
        N_("Kepala jejak audit tidak tersimpan di luar sejak {late_s}"),
        N_(
            "Perbaiki tempatnya (METERAI_AUDIT_HEAD): pasang disknya, atau jalankan pengumpulnya."
            " Dicoba lagi tiap menit."
        ),
    ),
    "update_overdue": Explanation(
        N_("Kabar berikutnya tentang gangguan {number} sudah lewat waktunya {late_s}"),
        N_(
            "Tulis kabar sekarang, meski isinya hanya bahwa kami masih mengerjakannya. Orang "
            "menunggu kabar itu."
        ),
    ),
    "line_held": Explanation(
        N_("Antrean {event} ditahan"),
        N_(
            "Tidak ada yang kehilangan tempat. Sebabnya tertulis di bawah; lepaskan bila "
            "gangguannya sudah lewat."
        ),
    ),
    "gateway_broken": Explanation(
        N_("Gerbang {name} menolak atau tidak menjawab kebanyakan tagihan"),
        N_(
            "Pembayaran baru dibuka di gerbang lain bila ada. Baca alasannya di log: "
            "outside_service_unavailable."
        ),
    ),
    "site_slow": Explanation(
        N_("Situs lambat: satu dari dua puluh permintaan makan lebih dari dua setengah detik"),
        N_(
            "Periksa uptime: pekerjaan lain di mesin ini, atau basis data yang lambat. Antrean "
            "melambat sendiri."
        ),
    ),
    "stock_low": Explanation(
        N_("Dengan laju sekarang stok habis dalam waktu kurang dari satu jam"),
        N_("Dua petugas keuangan menerbitkan stok sekarang, sebelum antrean berhenti."),
    ),
    "refunds_in_doubt": Explanation(
        N_("{count} pengembalian dana menunggu keputusan petugas"),
        N_(
            "Tidak ada yang tahu apakah uangnya sudah terkirim. Periksa di penyedia, lalu akhiri "
            "atau kirim lagi."
        ),
    ),
    "refunds_to_release": Explanation(
        N_("{count} pengembalian dana besar menunggu dua petugas"),
        N_("Dua petugas keuangan membandingkan rekening dan pemiliknya dengan pesanan, lalu menandatangani."),
    ),
    "requests_waiting": Explanation(
        N_("{count} permintaan menunggu petugas kedua"),
        N_("Baca permintaannya sebelum menandatangani. Yang tidak ditandatangani dalam sehari gugur."),
    ),
    "messages_pile_up": Explanation(
        N_("Kode dan pesan lebih cepat diminta daripada dikirim: {count} menunggu"),
        N_(
            "Periksa server surel dan WhatsApp di worker.log. Pesan disimpan dan dikirim lagi "
            "selama lima hari."
        ),
    ),
    "batches_behind": Explanation(
        N_("Klien antarmuka mitra tidak dikabari tentang bundelnya sejak {late_s}"),
        N_("Nomor seri mereka aman. Periksa batches.held_up di worker.log, atau tambah satu pekerja."),
    ),
    "difference_week": Explanation(
        N_("Gerbang, bank, dan pembukuan berbeda sejak seminggu: {name}"),
        N_("Uang seseorang berada di tempat yang salah. Jalankan meterai reconcile differences."),
    ),
    "difference_day": Explanation(
        N_("Gerbang, bank, dan pembukuan berbeda sejak sehari: {name}"),
        N_("Jalankan meterai reconcile differences, lalu baca barisnya di reconciliation.md."),
    ),
    "backup_old": Explanation(
        N_("Salinan cadangan terakhir sudah lewat {late_s}"),
        N_("journalctl -u meterai-backup menyebut sebabnya. Perbaiki, lalu systemctl start meterai-backup."),
    ),
    "key_ends_soon": Explanation(
        N_("Kunci penanda tangan segera berakhir dan belum ada penggantinya"),
        N_("Mulai upacara kunci sekarang; itu makan waktu berminggu-minggu."),
    ),
    "tsa_ends_soon": Explanation(
        N_("Sertifikat otoritas cap waktu segera berakhir"),
        N_("Tanyakan sertifikat baru kepada otoritas itu. Tanpa cap waktu tidak ada meterai yang selesai."),
    ),
    "disk_fills": Explanation(
        N_("Dengan laju enam jam terakhir disk {folder} penuh dalam sehari"),
        N_("Jalankan df -h dan du -xhd1 DATA, lalu meterai purge --dry-run."),
    ),
    "strangers_upload": Explanation(
        N_("Unggahan tanpa kontak terbukti memakan {used_bytes}"),
        N_(
            "Orang yang sudah masuk tetap dilayani. Jalankan meterai purge; bila itu serangan, "
            "blokir jaringannya."
        ),
    ),
    "codes_unused": Explanation(
        N_("Kebanyakan kode sejam terakhir tidak dipakai"),
        N_(
            "Pertama periksa apakah kode sampai. Bila sampai, seseorang mungkin mengirim kode "
            "kepada orang lain."
        ),
    ),
    "codes_home": Explanation(
        N_("Kode ke telepon dalam negeri melewati anggaran hari ini"),
        N_(
            "Kode berjalan terus. Bandingkan yang dipakai dengan yang dikirim, lalu naikkan "
            "anggarannya bila wajar."
        ),
    ),
    "codes_email": Explanation(
        N_("Kode ke surel melewati anggaran hari ini"),
        N_(
            "Kode berjalan terus. Bandingkan yang dipakai dengan yang dikirim, lalu naikkan "
            "anggarannya bila wajar."
        ),
    ),
    "codes_foreign": Explanation(
        N_("Nomor negara {prefix} tidak mendapat kode lagi hari ini"),
        N_("Tidak perlu apa-apa bila ini tampak seperti serangan. Orang asing diminta memakai surel."),
    ),
    "terms_not_kept": Explanation(
        N_("Data pribadi belum dihapus sesudah masanya sejak {late_s}"),
        N_("Cari retention.fault di worker.log; dicoba lagi tiap jam."),
    ),
    "invariants_old": Explanation(
        N_("Kecocokan pembukuan tidak diperiksa sejak {late_s}"),
        N_("Periksa apakah pekerja berjalan. Jalankan meterai check --no-files untuk memeriksanya sekarang."),
    ),
}
