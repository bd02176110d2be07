"""What a person is told in each state of an order, item, payment and refund: what is, and what comes next."""

from __future__ import annotations

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_, P_

_PAID_ALREADY = N_(
    "Sudah membayar dengan kode itu? Jangan membayar lagi: begitu uangnya terlihat oleh kami, pesanan ini "
    "dikerjakan atau uangnya kembali."
)

STATES: dict[str, Explanation] = {
    "order.draft": Explanation(
        N_("Pesanan ini belum selesai diisi"),
        N_("Lanjutkan dari langkah terakhir. Yang sudah diunggah masih ada."),
        "still",
    ),
    "order.draft_ended": Explanation(
        N_("Pesanan yang belum selesai diisi ini sudah berakhir"),
        N_(
            "Tanpa kontak yang dibuktikan, dokumen disimpan satu jam sesudah terakhir dipakai, lalu dihapus. "
            "Unggah lagi dokumennya; tidak ada yang perlu dibayar."
        ),
        "still",
    ),
    "order.awaiting_payment": Explanation(
        N_("Menunggu pembayaran Anda"),
        N_("Bayar dengan cara di bawah ini. Setelah uang masuk, halaman ini berubah sendiri."),
        "still",
    ),
    "order.choose_again": Explanation(
        N_("Menunggu pembayaran Anda"),
        N_("Pilih cara bayar sekali lagi di bawah ini. Setelah uang masuk, halaman ini berubah sendiri."),
        "still",
    ),
    "order.mispaid": Explanation(
        N_("Jumlah yang Anda bayar berbeda; pesanan ini belum terbayar"),
        N_(
            "Uang itu kembali seluruhnya: lihat Pengembalian dana di bawah. Untuk mendapat meterai, "
            "bayar jumlah yang sama persis dengan cara di bawah ini."
        ),
        "held",
    ),
    "order.paid": Explanation(
        N_("Pembayaran diterima, dokumen sedang diberi meterai"),
        N_("Anda boleh menutup halaman ini. Tautan hasilnya juga kami kirimkan."),
        "held",
    ),
    "order.paid_stopped": Explanation(
        N_("Pembayaran diterima; pemberian meterai sedang dihentikan sementara"),
        N_(
            "Pemberian meterainya kami lanjutkan secara otomatis. Anda boleh menutup halaman ini; tautan "
            "hasilnya kami kirimkan."
        ),
        "held",
    ),
    "order.completed": Explanation(
        N_("Selesai"),
        N_("Unduh dokumen Anda di bawah ini, sekarang atau nanti lewat tautan yang sama."),
        "held",
    ),
    "order.completed_quota": Explanation(
        N_("Kuota Anda siap dipakai"),
        N_("Pakai kapan saja dari Meterai saya. Kuota tidak hangus."),
        "held",
    ),
    "order.completed_used": Explanation(
        N_("Kuota pesanan ini sudah habis"),
        N_("Dokumen yang diberi meterai dengannya ada di Meterai saya. Perlu lagi? Beli kuota."),
        "held",
    ),
    "order.completed_refused": Explanation(
        N_("Ada dokumen yang tidak dapat diberi meterai"),
        N_("Meterainya tidak terpakai. Ganti dokumennya atau minta uangnya kembali di bawah ini."),
        "held",
    ),
    "order.completed_refunded": Explanation(
        N_("Uangnya kembali"),
        N_(
            "Lihat keadaan pengembalian dana di bawah ini. Tidak ada yang perlu Anda lakukan selain yang "
            "tertulis di sana."
        ),
        "back",
    ),
    "order.reversed": Explanation(
        N_("Pembayaran pesanan ini diambil kembali oleh bank atau dompet digital Anda"),
        N_(
            "Tanyakan kepada mereka dengan nomor pembayaran di halaman Cek pembayaran. Meterai yang sudah "
            "terpakai tidak dibatalkan secara otomatis, dan Anda tidak perlu membayar apa pun sebelum "
            "keadaannya jelas."
        ),
        "gone",
    ),
    "order.expired": Explanation(
        N_("Waktu pembayaran sudah habis"),
        N_(
            "Belum membayar? Buat pesanan baru. Sudah membayar? Jangan membayar lagi: begitu uangnya "
            "terlihat oleh kami, pesanan ini dikerjakan atau uangnya kembali."
        ),
        "still",
    ),
    "order.cancelled": Explanation(
        N_("Pesanan dibatalkan"),
        N_("Tidak ada yang perlu dibayar. Bila uang Anda tetap masuk, kami kembalikan seluruhnya."),
        "still",
    ),
    "order.ended_refunded": Explanation(
        N_("Pesanan ini sudah berakhir; uang Anda kembali"),
        N_(
            "Uang yang masuk kembali seluruhnya: lihat Pengembalian dana di bawah. Masih memerlukan meterai? "
            "Buat pesanan baru."
        ),
        "back",
    ),
    "item.waiting": Explanation(N_("Menunggu pembayaran"), ""),
    "item.given_up": Explanation(N_("Tidak lagi dipesan"), ""),
    "item.stamping": Explanation(N_("Sedang diberi meterai"), N_("Biasanya kurang dari satu menit.")),
    "item.stamping_stopped": Explanation(
        N_("Pemberian meterai sedang dihentikan sementara"),
        N_(
            "Dokumen dan meterai Anda tersimpan. Pemberian meterainya kami lanjutkan secara otomatis; tidak "
            "ada yang perlu Anda lakukan."
        ),
    ),
    "item.done": Explanation(N_("Sudah diberi meterai"), ""),
    "item.done_quota": Explanation(N_("Siap dipakai"), ""),
    "item.done_used": Explanation(N_("Tidak bersisa"), ""),
    "item.unplaced": Explanation(N_("Letak belum dipilih"), ""),
    "item.refused": Explanation(
        P_("afterwards", "Tidak dapat diberi meterai"), N_("Meterainya tidak terpakai.")
    ),
    "item.refunding": Explanation(N_("Uang sedang kembali"), ""),
    "item.refunded": Explanation(N_("Uang sudah kembali"), ""),
    "bundle.expected": Explanation(N_("Isinya belum diunggah"), ""),
    "bundle.waiting": Explanation(N_("Menunggu giliran"), ""),
    "bundle.ready": Explanation(N_("Siap diberi meterai"), ""),
    "bundle.stamping": Explanation(N_("Sedang diberi meterai"), ""),
    "bundle.stamped": Explanation(N_("Sudah diberi meterai"), ""),
    "bundle.unfit": Explanation(N_("Tidak dapat diberi meterai"), ""),
    "bundle.left_out": Explanation(N_("Dilewati"), ""),
    "bundle.refused": Explanation(N_("Tidak dapat diberi meterai, kuotanya utuh"), ""),
    "bundle.expired": Explanation(N_("Sudah dihapus karena tidak diberi meterai dalam 7 hari"), ""),
    "payment.creating": Explanation(
        N_("Kode pembayaran sedang dibuat"), N_("Tunggu sebentar; halaman ini berubah sendiri."), "still"
    ),
    "payment.pending": Explanation(N_("Menunggu pembayaran"), "", "still"),
    "payment.settled": Explanation(N_("Diterima"), "", "held"),
    "payment.mispaid": Explanation(
        N_("Uang dari pembayaran ini kembali kepada Anda"), N_("Pilih cara bayar sekali lagi."), "held"
    ),
    "payment.expired": Explanation(N_("Kedaluwarsa tanpa pembayaran"), _PAID_ALREADY, "still"),
    "payment.cancelled": Explanation(N_("Dibatalkan"), _PAID_ALREADY, "still"),
    "payment.denied": Explanation(N_("Pembayaran dengan kode itu tidak diterima"), _PAID_ALREADY, "still"),
    "payment.failed": Explanation(
        N_("Kode pembayaran tidak berhasil dibuat"), N_("Pilih cara bayar sekali lagi."), "still"
    ),
    "payment.reversed": Explanation(
        N_("Diambil kembali oleh bank"),
        N_("Pembayaran ini diambil kembali oleh bank atau dompet digital Anda."),
        "gone",
    ),
    "refund.needs_account": Explanation(
        N_("Menunggu nomor rekening Anda"),
        N_("Pembayaran lewat virtual account kembali ke rekening bank. Isi rekeningnya di bawah ini."),
        "held",
    ),
    "refund.account_refused": Explanation(
        N_("Rekening itu tidak dapat menerima uangnya"),
        N_(
            "Bank menolaknya atau mengirim uangnya kembali kepada kami. Periksa nomor dan nama "
            "pemiliknya, atau isi rekening lain di bawah ini."
        ),
        "held",
    ),
    "refund.not_as_paid": Explanation(
        N_("Menunggu nomor rekening Anda"),
        N_("Uangnya tidak dapat kembali lewat cara Anda membayar. Isi rekening tujuannya di bawah ini."),
        "held",
    ),
    "refund.in_doubt": Explanation(
        N_("Sedang kami periksa"),
        N_(
            "Mungkin uangnya sudah Anda terima: lihat mutasi rekening atau dompet digital Anda. Sisanya kami "
            "bayarkan; tidak ada yang perlu Anda lakukan."
        ),
        "held",
    ),
    "refund.unapproved": Explanation(
        N_("Menunggu persetujuan kami"),
        N_(
            "Uangnya belum kami kirim: kami masih harus menyetujui pengirimannya. Tidak ada yang perlu Anda "
            "lakukan."
        ),
        "held",
    ),
    "refund.waiting": Explanation(
        N_("Menunggu sebelum dikirim"),
        N_(
            "Uangnya belum kami kirim. Kami mengabari semua kontak Anda dan menunggu, supaya rekening yang "
            "salah masih dapat dihentikan. Bila rekeningnya benar, tidak ada yang perlu Anda lakukan."
        ),
        "held",
    ),
    "refund.being_checked": Explanation(
        N_("Sedang diperiksa petugas"),
        N_(
            "Uangnya belum kami kirim. Jumlah sebesar ini diperiksa dua petugas dulu, biasanya dalam satu "
            "hari kerja. Tidak ada yang perlu Anda lakukan."
        ),
        "held",
    ),
    "refund.stopped": Explanation(
        N_("Pengirimannya dihentikan"),
        N_(
            "Tidak ada uang yang dikirim; uang ini tetap hak Anda. Isi rekening yang benar di bawah ini, "
            "dengan kode baru."
        ),
        "held",
    ),
    "refund.payable": Explanation(
        N_("Tercatat, segera dibayarkan"), N_("Tidak ada yang perlu Anda lakukan."), "back"
    ),
    "refund.sent": Explanation(
        N_("Sudah kami kirim"),
        N_("Bank atau dompet digital Anda biasanya menampilkannya pada hari yang sama."),
        "back",
    ),
    "refund.paid": Explanation(
        N_("Sudah kembali kepada Anda"), N_("Lihat mutasi rekening atau dompet digital Anda."), "returned"
    ),
    "refund.set_off": Explanation(
        N_("Ikut kembali dengan pembayaran yang diambil kembali oleh bank Anda"),
        N_(
            "Kami tidak mengirim uang lagi untuk ini. Tanyakan kepada bank atau dompet digital Anda "
            "dengan nomor pembayarannya."
        ),
        "gone",
    ),
    "reason.customer": Explanation(N_("Atas permintaan Anda"), ""),
    "reason.given": Explanation(N_("Atas keputusan kami"), ""),
    "reason.refused": Explanation(P_("reason", "Dokumen tidak dapat diberi meterai"), ""),
    "reason.late": Explanation(N_("Uangnya masuk setelah pesanan berakhir"), ""),
    "reason.wrong_amount": Explanation(N_("Jumlah yang dibayar berbeda"), ""),
    "reason.double": Explanation(N_("Dibayar dua kali"), ""),
    "reason.reversed": Explanation(N_("Pembayaran diambil kembali oleh bank"), ""),
    "money.not_arrived": Explanation(
        N_("Uangnya belum sampai kepada kami"),
        N_(
            "Pesanan ini masih dapat dibayar. Baru saja membayar? Tunggu beberapa menit; kami otomatis "
            "menanyakannya kepada bank. Jangan membayar dua kali."
        ),
        "still",
    ),
    "money.not_arrived_ended": Explanation(
        N_("Kami tidak melihat uang untuk pesanan ini"),
        N_(
            "Pesanannya sudah berakhir. Bila saldo Anda berkurang, jangan membayar lagi: begitu uangnya "
            "terlihat oleh kami, pesanan dikerjakan atau uangnya kembali. Kami terus menanyakannya "
            "selama tiga hari."
        ),
        "still",
    ),
    "money.held": Explanation(
        N_("Uang Anda ada pada kami, untuk pesanan ini"),
        N_("Tidak ada yang perlu Anda lakukan. Keadaan pesanannya tertulis di bawah ini."),
        "held",
    ),
    "money.partly_back": Explanation(
        N_("Sebagian uang sudah kembali kepada Anda"), N_("Sisanya dipakai untuk pesanan ini."), "held"
    ),
    "money.going_back": Explanation(
        N_("Uang sedang kembali kepada Anda"),
        N_(
            "Tidak ada yang perlu Anda lakukan. Bank atau dompet digital kadang baru menampilkannya pada "
            "hari kerja berikutnya."
        ),
        "back",
    ),
    "money.waiting": Explanation(
        N_("Uang Anda ada pada kami dan menunggu sebelum dikirim"),
        N_(
            "Uangnya belum kami kirim. Kami mengabari semua kontak Anda dan menunggu, supaya rekening yang "
            "salah masih dapat dihentikan. Halaman pesanan menunjukkan sampai kapan."
        ),
        "held",
    ),
    "money.unapproved": Explanation(
        N_("Uang Anda ada pada kami dan akan kembali kepada Anda"),
        P_(
            "money",
            "Uangnya belum kami kirim: kami masih harus menyetujui pengirimannya. Tidak ada yang perlu Anda "
            "lakukan.",
        ),
        "held",
    ),
    "money.in_doubt": Explanation(
        N_("Pengembalian uang Anda sedang kami periksa"),
        N_(
            "Mungkin uangnya sudah Anda terima: lihat mutasi rekening atau dompet digital Anda. Sisanya kami "
            "bayarkan; tidak ada yang perlu Anda lakukan."
        ),
        "held",
    ),
    "money.needs_account": Explanation(
        N_("Uang Anda menunggu nomor rekening"),
        N_("Buka pesanan Anda dari tautan di pesan kami, lalu isi rekening tujuan."),
        "held",
    ),
    "money.back": Explanation(
        N_("Semua uang sudah kembali kepada Anda"),
        N_("Lihat mutasi rekening atau dompet digital Anda."),
        "returned",
    ),
    "money.taken_back": Explanation(
        N_("Uangnya diambil kembali oleh bank atau dompet digital"),
        N_("Tanyakan kepada bank Anda dengan nomor pembayaran di bawah ini."),
        "gone",
    ),
    "event.opened": Explanation(N_("Mulai diisi"), ""),
    "event.placed": Explanation(N_("Pesanan dibuat"), ""),
    "event.paid": Explanation(N_("Pembayaran diterima"), ""),
    "event.paid_late": Explanation(N_("Pembayaran masuk setelah pesanan berakhir"), ""),
    "event.paid_wrong_amount": Explanation(N_("Pembayaran dengan jumlah lain"), ""),
    "event.paid_double": Explanation(N_("Pembayaran kedua untuk pesanan ini"), ""),
    "event.reversed": Explanation(N_("Pembayaran diambil kembali oleh bank"), ""),
    "event.stamped": Explanation(N_("Dokumen diberi meterai"), ""),
    "event.credited": Explanation(N_("Kuota masuk"), ""),
    "event.refund_booked": Explanation(N_("Pengembalian dana dicatat"), ""),
    "event.refund_paid": Explanation(N_("Pengembalian dana dibayar"), ""),
    "event.expired": Explanation(N_("Waktu pembayaran habis"), ""),
    "event.cancelled": Explanation(N_("Pesanan dibatalkan"), ""),
    "event.completed": Explanation(N_("Pesanan selesai"), ""),
    # certificates of attempt: one sentence each, in both languages on the page
    "certificate.not_called": Explanation(
        N_(
            "Pemegang kontak {contact} bergabung ke antrean {event} pada {joined}. Ketika antrean "
            "ditutup pada {closed}, ia masih mengantre dan belum dipanggil."
        ),
        "",
    ),
    "certificate.called_too_late": Explanation(
        N_(
            "Pemegang kontak {contact} bergabung ke antrean {event} pada {joined}. Ia dipanggil, tetapi "
            "sampai antrean ditutup pada {closed} waktu yang tersedia untuk masuk tidak cukup."
        ),
        "",
    ),
    "certificate.door_full": Explanation(
        N_(
            "Pemegang kontak {contact} bergabung ke antrean {event} pada {joined}. Ia dipanggil dan "
            "datang; pada {knocked} layanan penuh sehingga ia belum dapat masuk, dan ketika antrean "
            "ditutup pada {closed} ia belum masuk."
        ),
        "",
    ),
}
