"""Messages about an order, by the kind of news (`sales.news.News`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.marks import N_

ORDER_NEWS: Final[Mapping[str, Letter]] = {
    "paid": Letter(
        N_("Pembayaran diterima: pesanan {number}"),
        N_(
            "Pembayaran {total} ({channel}) untuk pesanan {number} sudah kami terima.\n\n"
            "Lihat pesanan, kuitansi, dan hasilnya di sini. Simpan tautan ini, jangan dibagikan:\n{link}"
        ),
    ),
    "completed": Letter(
        N_("Dokumen Anda sudah bermeterai: pesanan {number}"),
        N_(
            "Pembayaran {total} ({channel}) untuk pesanan {number} sudah kami terima, dan semua dokumen "
            "sudah diberi meterai.\n\nUnduh dokumen dan kuitansinya di sini. Simpan tautan ini, jangan "
            "dibagikan:\n{link}"
        ),
    ),
    "completed_partly": Letter(
        N_("Dokumen lainnya sudah bermeterai: pesanan {number}"),
        N_(
            "Pembayaran {total} ({channel}) untuk pesanan {number} sudah kami terima. Dokumen sudah diberi "
            "meterai, kecuali yang tidak dapat diberi meterai.\n\nUnduh dokumen dan kuitansinya, dan lihat "
            "apa yang dapat dilakukan dengan yang lain, di sini. Simpan tautan ini, jangan dibagikan:\n{link}"
        ),
    ),
    "document_refused": Letter(
        N_("Dokumen tidak dapat diberi meterai: pesanan {number}"),
        N_(
            "Satu dokumen pada pesanan {number} tidak dapat diberi meterai. Meterainya tidak terpakai dan "
            "uang Anda tercatat.\n\nGanti dokumennya atau minta uangnya kembali di sini:\n{link}"
        ),
    ),
    "money_returns": Letter(
        N_("{amount} kembali kepada Anda: pesanan {number}"),
        N_(
            "Kami menerima {amount} untuk pesanan {number} yang tidak dapat dipakai. Alasannya: "
            "{reason}.\n\nUangnya kami kembalikan seluruhnya ke sumber dana semula. Ikuti di sini:\n{link}"
        ),
    ),
    "needs_account": Letter(
        N_("Isi rekening untuk pengembalian {amount}: pesanan {number}"),
        N_(
            "{amount} dari pesanan {number} akan kami kembalikan ke rekening bank Anda. Alasannya: {reason}. "
            "Uangnya belum dikirim.\n\nIsi nomor rekeningnya di sini:\n{link}"
        ),
    ),
    "refund_paid": Letter(
        N_("{amount} sudah dikembalikan: pesanan {number}"),
        N_(
            "Pengembalian dana {amount} dari pesanan {number} sudah kami bayarkan. Alasannya: "
            "{reason}.\n\nRinciannya di sini:\n{link}"
        ),
    ),
    "link": Letter(
        N_("Tautan pesanan {number}"), N_("Ini tautan pesanan {number}. Simpan dan jangan dibagikan:\n{link}")
    ),
}

MOVED_HERE: Final = Letter(
    N_("Pesanan {number} sekarang di kontak ini"),
    N_(
        "Petugas kami memindahkan pesanan {number} ke kontak ini, setelah seseorang membuktikan bahwa "
        "pesanan itu miliknya.\n\nTautan lama tidak berlaku lagi. Ini tautan yang baru. Simpan, jangan "
        "dibagikan:\n{link}\n\nMasuk dengan kontak ini untuk memakai kuota dan meminta uang kembali.\n\n"
        "Bukan pesanan Anda? Jangan buka tautannya, dan segera beri tahu kami:\n{help}"
    ),
)
"""To the contact to which officers moved an order."""
MOVED_AWAY: Final = Letter(
    N_("Pesanan {number} dipindahkan ke kontak lain"),
    N_(
        "Petugas kami memindahkan pesanan {number} ke {contact}, setelah seseorang membuktikan bahwa pesanan "
        "itu miliknya. Tautan lamanya tidak berlaku lagi, dan kabarnya tidak dikirim ke sini lagi. "
        "Pengembalian dana yang sudah diminta tetap ke rekening yang disebut saat itu.\n\n"
        "Bukan Anda yang memintanya? Segera beri tahu kami, supaya pesanan ini dikembalikan ke kontak Anda:\n"
        "{help}"
    ),
)
"""To the contacts that it had before."""

REFUND_NEWS: Final[Mapping[str, Letter]] = {
    "refund_asked": Letter(
        N_("{amount} diminta kembali: pesanan {number}"),
        N_(
            "Dengan kode yang kami kirim, {amount} dari pesanan {number} diminta kembali. Alasannya: "
            "{reason}. Meterainya sudah dikembalikan dan uang itu hak Anda. Uangnya belum dikirim.\n\nIsi "
            "rekening tujuannya di sini:\n{link}"
        ),
    ),
    "refund_by_gateway": Letter(
        N_("{amount} diminta kembali: pesanan {number}"),
        N_(
            "Dengan kode yang kami kirim, {amount} dari pesanan {number} diminta kembali. Alasannya: "
            "{reason}. Uangnya kembali ke sumber dana semula, bukan ke rekening lain.\n\nBukan Anda? "
            "Seseorang membaca kode Anda: periksa kontak dan perangkat Anda di Meterai saya. Ikuti uangnya "
            "di sini:\n{link}"
        ),
    ),
    "refund_named": Letter(
        N_("{amount} akan dikirim ke rekening: pesanan {number}"),
        N_(
            "Dengan kode yang kami kirim, rekening ini diisi untuk pengembalian {amount} dari pesanan "
            "{number}:\n\n{bank}, nomor berakhiran {tail}\natas nama {holder}\n\nAlasannya: {reason}. "
            "Uangnya belum dikirim. Kami menunggu sampai {moment}. Bila ini benar, tidak ada yang perlu Anda "
            "lakukan.\n\nBukan Anda, atau rekeningnya salah? Hentikan di sini, tanpa masuk:\n{stop}"
            "\n\nHalaman pesanan:\n{link}"
        ),
    ),
    "refund_stopped": Letter(
        N_("Pengiriman {amount} dihentikan: pesanan {number}"),
        N_(
            "Pengiriman {amount} dari pesanan {number} dihentikan lewat tautan di pesan kami. Alasan "
            "pengembaliannya: {reason}. Tidak ada uang yang dikirim; uang itu tetap hak Anda.\n\nIsi "
            "rekening yang benar di sini, dengan kode baru:\n{link}"
        ),
    ),
    "refund_given": Letter(
        N_("{amount} kembali kepada Anda: pesanan {number}"),
        N_(
            "Petugas kami mengembalikan {amount} dari pesanan {number}. Alasannya: {reason}. Meterai yang "
            "belum terpakai sudah kembali kepada kami dan uang itu hak Anda. Uangnya belum dikirim.\n\nIsi "
            "rekening tujuannya di sini, dengan kode yang kami kirim:\n{link}"
        ),
    ),
    "refund_given_by_gateway": Letter(
        N_("{amount} kembali kepada Anda: pesanan {number}"),
        N_(
            "Petugas kami mengembalikan {amount} dari pesanan {number}. Alasannya: {reason}. Uangnya kembali "
            "ke sumber dana semula, bukan ke rekening lain. Tidak ada yang perlu Anda lakukan.\n\nIkuti "
            "uangnya di sini:\n{link}"
        ),
    ),
    "refund_given_named": Letter(
        N_("{amount} akan dikirim ke rekening: pesanan {number}"),
        N_(
            "Petugas kami mengembalikan {amount} dari pesanan {number} ke rekening ini:\n\n{bank}, nomor "
            "berakhiran {tail}\natas nama {holder}\n\nAlasannya: {reason}. Uangnya belum dikirim. Sampai "
            "kapan kami menunggu tertulis di halaman pesanan. Bila ini benar, tidak ada yang perlu Anda "
            "lakukan.\n\nRekeningnya salah? Hentikan di sini, tanpa masuk:\n{stop}\n\nHalaman "
            "pesanan:\n{link}"
        ),
    ),
}
"""Messages about a refund, to every proven contact (`sales.refund_news.RefundNews`)."""
