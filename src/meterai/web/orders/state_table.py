"""What a person is told in each state of an order, item, payment and refund: what is, and what comes next."""

from __future__ import annotations

from meterai.texts.refusals import Message

M = Message

_PAID_ALREADY = (
    "Sudah membayar dengan kode itu? Jangan membayar lagi: begitu uangnya terlihat oleh kami, pesanan ini "
    "dikerjakan atau uangnya kembali.",
    "Paid with that code already? Do not pay again: as soon as we see the money, this order is carried out "
    "or the money goes back.",
)

STATES: dict[str, Message] = {
    "order.draft": M(
        "Pesanan ini belum selesai diisi",
        "Lanjutkan dari langkah terakhir. Yang sudah diunggah masih ada.",
        "This order is not filled in yet",
        "Go on from the last step. What you uploaded is still there.",
        "still",
    ),
    "order.awaiting_payment": M(
        "Menunggu pembayaran Anda",
        "Bayar dengan cara di bawah ini. Setelah uang masuk, halaman ini berubah sendiri.",
        "Waiting for your payment",
        "Pay as shown below. Once the money arrives, this page changes by itself.",
        "still",
    ),
    "order.choose_again": M(
        "Menunggu pembayaran Anda",
        "Pilih cara bayar sekali lagi di bawah ini. Setelah uang masuk, halaman ini berubah sendiri.",
        "Waiting for your payment",
        "Choose how to pay once more below. Once the money arrives, this page changes by itself.",
        "still",
    ),
    "order.mispaid": M(
        "Jumlah yang Anda bayar berbeda; pesanan ini belum terbayar",
        "Uang itu kembali seluruhnya: lihat Pengembalian dana di bawah. Untuk mendapat meterai, bayar jumlah "
        "yang sama persis dengan cara di bawah ini.",
        "You paid a different amount; this order is not paid yet",
        "All of that money goes back: see Refunds below. To get the stamps, pay the exact amount as shown "
        "below.",
        "held",
    ),
    "order.paid": M(
        "Pembayaran diterima, meterai sedang dibubuhkan",
        "Anda boleh menutup halaman ini. Tautan hasilnya juga kami kirimkan.",
        "Payment received, stamping is under way",
        "You may close this page. We also send you the link to the result.",
        "held",
    ),
    "order.paid_stopped": M(
        "Pembayaran diterima; pembubuhan sedang dihentikan sementara",
        "Pembubuhannya kami lanjutkan secara otomatis. Anda boleh menutup halaman ini; tautan hasilnya kami "
        "kirimkan.",
        "Payment received; stamping is paused for now",
        "Stamping goes on by itself. You may close this page; we send you the link to the result.",
        "held",
    ),
    "order.completed": M(
        "Selesai",
        "Unduh dokumen Anda di bawah ini, sekarang atau nanti lewat tautan yang sama.",
        "Done",
        "Download the result below, now or later through the same link.",
        "held",
    ),
    "order.completed_quota": M(
        "Kuota Anda siap dipakai",
        "Bubuhkan kapan saja dari Meterai saya. Kuota tidak hangus.",
        "Your quota is ready",
        "Use it whenever you like from My stamps. Quota never expires.",
        "held",
    ),
    "order.completed_used": M(
        "Kuota pesanan ini sudah habis",
        "Dokumen yang dibubuhi dengannya ada di Meterai saya. Perlu lagi? Beli kuota.",
        "The quota of this order is used up",
        "The documents stamped with it are under My stamps. Need more? Buy quota.",
        "held",
    ),
    "order.completed_refused": M(
        "Ada dokumen yang tidak dapat dibubuhi",
        "Meterainya tidak terpakai. Ganti dokumennya atau minta uangnya kembali di bawah ini.",
        "A document could not be stamped",
        "Its stamp was not used. Replace the document or ask for the money back below.",
        "held",
    ),
    "order.completed_refunded": M(
        "Uangnya kembali",
        "Lihat keadaan pengembalian dana di bawah ini. Tidak ada yang perlu Anda lakukan selain yang "
        "tertulis di sana.",
        "The money goes back",
        "See where the refund stands below. There is nothing to do except what is written there.",
        "back",
    ),
    "order.reversed": M(
        "Pembayaran pesanan ini diambil kembali oleh bank atau dompet digital Anda",
        "Tanyakan kepada mereka dengan nomor pembayaran di halaman Uang. Meterai yang sudah dibubuhkan tidak "
        "dibatalkan secara otomatis, dan Anda tidak perlu membayar apa pun sebelum keadaannya jelas.",
        "Your bank or e-wallet took back the payment of this order",
        "Ask them, naming the payment number on the Money page. Stamps already placed are not cancelled "
        "automatically, and there is nothing to pay before the case is clear.",
        "gone",
    ),
    "order.expired": M(
        "Waktu pembayaran sudah habis",
        "Belum membayar? Buat pesanan baru. Sudah membayar? Jangan membayar lagi: begitu uangnya "
        "terlihat oleh kami, "
        "pesanan ini dikerjakan atau uangnya kembali.",
        "The time to pay is over",
        "Not paid yet? Make a new order. Already paid? Do not pay again: as soon as we see the money, "
        "this order is "
        "carried out or the money goes back.",
        "still",
    ),
    "order.cancelled": M(
        "Pesanan dibatalkan",
        "Tidak ada yang perlu dibayar. Bila uang Anda tetap masuk, kami kembalikan seluruhnya.",
        "Order cancelled",
        "There is nothing to pay. Should money still arrive, we return all of it.",
        "still",
    ),
    "order.ended_refunded": M(
        "Pesanan ini sudah berakhir; uang Anda kembali",
        "Uang yang masuk kembali seluruhnya: lihat Pengembalian dana di bawah. Masih memerlukan meterai? "
        "Buat pesanan baru.",
        "This order has ended; your money goes back",
        "The money that came goes back in full: see Refunds below. Do you still need the stamp? Make a new "
        "order.",
        "back",
    ),
    "item.waiting": M("Menunggu pembayaran", "", "Waiting for payment", ""),
    "item.given_up": M("Tidak lagi dipesan", "", "No longer ordered", ""),
    "item.stamping": M(
        "Sedang dibubuhi", "Biasanya kurang dari satu menit.", "Being stamped", "Usually less than a minute."
    ),
    "item.stamping_stopped": M(
        "Pembubuhan sedang dihentikan sementara",
        "Dokumen dan meterai Anda tersimpan. Pembubuhannya kami lanjutkan secara otomatis; tidak ada yang "
        "perlu Anda lakukan.",
        "Stamping is paused for now",
        "Your document and your stamp are kept. Stamping goes on by itself; there is nothing you need to do.",
    ),
    "item.done": M("Sudah dibubuhi", "", "Stamped", ""),
    "item.done_quota": M("Siap dipakai", "", "Ready to use", ""),
    "item.done_used": M("Tidak bersisa", "", "Nothing left", ""),
    "item.unplaced": M("Letak belum dipilih", "", "Place not chosen yet", ""),
    "item.refused": M(
        "Tidak dapat dibubuhi",
        "Meterainya tidak terpakai.",
        "Could not be stamped",
        "Its stamp was not used.",
    ),
    "item.refunding": M("Uang sedang kembali", "", "Money on its way back", ""),
    "item.refunded": M("Uang sudah kembali", "", "Money returned", ""),
    "bundle.ready": M("Siap dibubuhi", "", "Ready to be stamped", ""),
    "bundle.stamping": M("Sedang dibubuhi", "", "Being stamped", ""),
    "bundle.stamped": M("Sudah dibubuhi", "", "Stamped", ""),
    "bundle.unfit": M("Tidak dapat dibubuhi", "", "Can't be stamped", ""),
    "bundle.left_out": M("Dilewati", "", "Left out", ""),
    "bundle.refused": M(
        "Tidak dapat dibubuhi, kuotanya utuh", "", "Could not be stamped, quota untouched", ""
    ),
    "bundle.expired": M(
        "Sudah dihapus karena tidak dibubuhi dalam 7 hari",
        "",
        "Deleted because it was not stamped within 7 days",
        "",
    ),
    "payment.creating": M(
        "Kode pembayaran sedang dibuat",
        "Tunggu sebentar; halaman ini berubah sendiri.",
        "Your payment code is being made",
        "Wait a moment; this page changes by itself.",
        "still",
    ),
    "payment.pending": M("Menunggu pembayaran", "", "Waiting for payment", "", "still"),
    "payment.settled": M("Diterima", "", "Received", "", "held"),
    "payment.mispaid": M(
        "Uang dari pembayaran ini kembali kepada Anda",
        "Pilih cara bayar sekali lagi.",
        "The money of this payment goes back to you",
        "Choose how to pay once more.",
        "held",
    ),
    "payment.expired": M(
        "Kedaluwarsa tanpa pembayaran", _PAID_ALREADY[0], "Expired without payment", _PAID_ALREADY[1], "still"
    ),
    "payment.cancelled": M("Dibatalkan", _PAID_ALREADY[0], "Cancelled", _PAID_ALREADY[1], "still"),
    "payment.denied": M(
        "Pembayaran dengan kode itu tidak diterima",
        _PAID_ALREADY[0],
        "The payment with that code was not accepted",
        _PAID_ALREADY[1],
        "still",
    ),
    "payment.failed": M(
        "Kode pembayaran tidak berhasil dibuat",
        "Pilih cara bayar sekali lagi.",
        "The payment code could not be made",
        "Choose how to pay once more.",
        "still",
    ),
    "payment.reversed": M(
        "Diambil kembali oleh bank",
        "Pembayaran ini diambil kembali oleh bank atau dompet digital Anda.",
        "Taken back by the bank",
        "Your bank or e-wallet took this payment back.",
        "gone",
    ),
    "refund.needs_account": M(
        "Menunggu nomor rekening Anda",
        "Pembayaran lewat virtual account kembali ke rekening bank. Isi rekeningnya di bawah ini.",
        "Waiting for your bank account",
        "Money paid by virtual account goes back to a bank account. Enter it below.",
        "held",
    ),
    "refund.account_refused": M(
        "Rekening itu tidak dapat menerima uangnya",
        "Bank menolaknya atau mengirim uangnya kembali kepada kami. Periksa nomor dan nama pemiliknya, atau "
        "isi rekening lain di bawah ini.",
        "That account could not take the money",
        "The bank refused it or sent the money back to us. Check number and holder, or enter another account "
        "below.",
        "held",
    ),
    "refund.not_as_paid": M(
        "Menunggu nomor rekening Anda",
        "Uangnya tidak dapat kembali lewat cara Anda membayar. Isi rekening tujuannya di bawah ini.",
        "Waiting for your bank account",
        "The money can't go back the way you paid. Enter an account for it below.",
        "held",
    ),
    "refund.in_doubt": M(
        "Sedang kami periksa",
        "Mungkin uangnya sudah Anda terima: lihat mutasi rekening atau dompet digital Anda. Sisanya kami "
        "bayarkan; tidak ada yang perlu Anda lakukan.",
        "We are looking into it",
        "You may have received this money already: see the history of your account or e-wallet. We pay what "
        "is missing; there is nothing you need to do.",
        "held",
    ),
    "refund.unapproved": M(
        "Menunggu persetujuan kami",
        "Uangnya belum kami kirim: kami masih harus menyetujui pengirimannya. Tidak ada yang perlu Anda "
        "lakukan.",
        "Waiting for our approval",
        "The money has not gone out: we still have to approve that it does. There is nothing you need to do.",
        "held",
    ),
    "refund.payable": M(
        "Tercatat, segera dibayarkan",
        "Tidak ada yang perlu Anda lakukan.",
        "On record, about to be paid",
        "There is nothing you need to do.",
        "back",
    ),
    "refund.sent": M(
        "Sudah kami kirim",
        "Bank atau dompet digital Anda biasanya menampilkannya pada hari yang sama.",
        "Sent",
        "Your bank or e-wallet usually shows it the same day.",
        "back",
    ),
    "refund.paid": M(
        "Sudah kembali kepada Anda",
        "Lihat mutasi rekening atau dompet digital Anda.",
        "Returned to you",
        "See the history of your account or e-wallet.",
        "returned",
    ),
    "refund.set_off": M(
        "Ikut kembali dengan pembayaran yang diambil kembali oleh bank Anda",
        "Kami tidak mengirim uang lagi untuk ini. Tanyakan kepada bank atau dompet digital Anda dengan nomor "
        "pembayarannya.",
        "Went back with the payment that your bank took back",
        "We send no other money for it. Ask your bank or e-wallet, naming the payment number.",
        "gone",
    ),
    "reason.customer": M("Atas permintaan Anda", "", "At your request", ""),
    "reason.refused": M("Dokumen tidak dapat dibubuhi", "", "The document could not be stamped", ""),
    "reason.late": M(
        "Uangnya masuk setelah pesanan berakhir", "", "The money came after the order had ended", ""
    ),
    "reason.wrong_amount": M("Jumlah yang dibayar berbeda", "", "The amount paid was different", ""),
    "reason.double": M("Dibayar dua kali", "", "Paid twice", ""),
    "reason.reversed": M("Pembayaran diambil kembali oleh bank", "", "Payment taken back by the bank", ""),
    "money.not_arrived": M(
        "Uangnya belum sampai kepada kami",
        "Pesanan ini masih dapat dibayar. Baru saja membayar? Tunggu beberapa menit; kami otomatis "
        "menanyakannya kepada bank. Jangan membayar dua kali.",
        "The money has not reached us yet",
        "This order can still be paid. Just paid? Wait a few minutes; we ask the bank by ourselves. Do "
        "not pay twice.",
        "still",
    ),
    "money.not_arrived_ended": M(
        "Kami tidak melihat uang untuk pesanan ini",
        "Pesanannya sudah berakhir. Bila saldo Anda berkurang, jangan membayar lagi: begitu uangnya "
        "terlihat oleh "
        "kami, pesanan dikerjakan atau uangnya kembali. Kami terus menanyakannya selama tiga hari.",
        "We see no money for this order",
        "The order has ended. If your balance went down, do not pay again: as soon as we see the money, "
        "the order is "
        "carried out or the money goes back. We keep asking for three days.",
        "still",
    ),
    "money.held": M(
        "Uang Anda ada pada kami, untuk pesanan ini",
        "Tidak ada yang perlu Anda lakukan. Keadaan pesanannya tertulis di bawah ini.",
        "Your money is with us, for this order",
        "There is nothing you need to do. The state of the order stands below.",
        "held",
    ),
    "money.partly_back": M(
        "Sebagian uang sudah kembali kepada Anda",
        "Sisanya dipakai untuk pesanan ini.",
        "Part of the money has gone back to you",
        "The rest was used for this order.",
        "held",
    ),
    "money.going_back": M(
        "Uang sedang kembali kepada Anda",
        "Tidak ada yang perlu Anda lakukan. Bank atau dompet digital kadang baru menampilkannya pada "
        "hari kerja berikutnya.",
        "Money is on its way back to you",
        "There is nothing you need to do. Banks and e-wallets sometimes show it only on the next "
        "working day.",
        "back",
    ),
    "money.unapproved": M(
        "Uang Anda ada pada kami dan akan kembali kepada Anda",
        "Uangnya belum kami kirim: kami masih harus menyetujui pengirimannya. Tidak ada yang perlu Anda "
        "lakukan.",
        "Your money is with us and will go back to you",
        "It has not gone out: we still have to approve that it does. There is nothing you need to do.",
        "held",
    ),
    "money.in_doubt": M(
        "Pengembalian uang Anda sedang kami periksa",
        "Mungkin uangnya sudah Anda terima: lihat mutasi rekening atau dompet digital Anda. Sisanya kami "
        "bayarkan; tidak ada yang perlu Anda lakukan.",
        "We are looking into your refund",
        "You may have received this money already: see the history of your account or e-wallet. We pay what "
        "is missing; there is nothing you need to do.",
        "held",
    ),
    "money.needs_account": M(
        "Uang Anda menunggu nomor rekening",
        "Buka pesanan Anda dari tautan di pesan kami, lalu isi rekening tujuan.",
        "Your money waits for a bank account",
        "Open your order from the link in our message and enter the account to pay to.",
        "held",
    ),
    "money.back": M(
        "Semua uang sudah kembali kepada Anda",
        "Lihat mutasi rekening atau dompet digital Anda.",
        "All the money has gone back to you",
        "See the history of your account or e-wallet.",
        "returned",
    ),
    "money.taken_back": M(
        "Uangnya diambil kembali oleh bank atau dompet digital",
        "Tanyakan kepada bank Anda dengan nomor pembayaran di bawah ini.",
        "The bank or e-wallet took the money back",
        "Ask your bank, naming the payment number below.",
        "gone",
    ),
    "event.opened": M("Mulai diisi", "", "Started", ""),
    "event.placed": M("Pesanan dibuat", "", "Order placed", ""),
    "event.paid": M("Pembayaran diterima", "", "Payment received", ""),
    "event.paid_late": M(
        "Pembayaran masuk setelah pesanan berakhir", "", "Payment came after the order had ended", ""
    ),
    "event.paid_wrong_amount": M("Pembayaran dengan jumlah lain", "", "Payment of another amount", ""),
    "event.paid_double": M("Pembayaran kedua untuk pesanan ini", "", "Second payment for this order", ""),
    "event.reversed": M("Pembayaran diambil kembali oleh bank", "", "Payment taken back by the bank", ""),
    "event.stamped": M("Dokumen dibubuhi", "", "Document stamped", ""),
    "event.credited": M("Kuota masuk", "", "Quota credited", ""),
    "event.refund_booked": M("Pengembalian dana dicatat", "", "Refund booked", ""),
    "event.refund_paid": M("Pengembalian dana dibayar", "", "Refund paid", ""),
    "event.expired": M("Waktu pembayaran habis", "", "Time to pay over", ""),
    "event.cancelled": M("Pesanan dibatalkan", "", "Order cancelled", ""),
    "event.completed": M("Pesanan selesai", "", "Order completed", ""),
    # certificates of attempt: one sentence each, in both languages on the page
    "certificate.not_called": M(
        "Pemegang kontak {contact} bergabung ke antrean {event} pada {joined}. Ketika antrean ditutup pada "
        "{closed}, ia masih mengantre dan belum dipanggil.",
        "",
        "The holder of the contact {contact} joined the queue of {event} on {joined}. When the queue closed "
        "on {closed}, they were still waiting and had not been called.",
        "",
    ),
    "certificate.called_too_late": M(
        "Pemegang kontak {contact} bergabung ke antrean {event} pada {joined}. Ia dipanggil, tetapi "
        "sampai antrean ditutup pada {closed} waktu yang tersedia untuk masuk tidak cukup.",
        "",
        "The holder of the contact {contact} joined the queue of {event} on {joined}. They were called, "
        "but until the queue closed on {closed} there was not enough time in which they could enter.",
        "",
    ),
    "certificate.door_full": M(
        "Pemegang kontak {contact} bergabung ke antrean {event} pada {joined}. Ia dipanggil dan datang; pada "
        "{knocked} layanan penuh sehingga ia belum dapat masuk, dan ketika antrean ditutup pada {closed} ia "
        "belum masuk.",
        "",
        "The holder of the contact {contact} joined the queue of {event} on {joined}. They were called and "
        "came; on {knocked} the service was full, so they could not enter, and when the queue closed on "
        "{closed} they were not in.",
        "",
    ),
}
