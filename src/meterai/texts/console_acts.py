"""Words of the console's acts: their groups, their fields, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from meterai.texts.mechanism.marks import N_


class ActWords(NamedTuple):
    """The name of an act, what it does, and what is said once it is done."""

    title: str
    what: str
    done: str


class FieldWords(NamedTuple):
    """The label of a field, and what helps to fill it in."""

    label: str
    hint: str


GROUPS: Final[Mapping[str, str]] = {
    "cases": N_("Kasus"),
    "orders": N_("Pesanan"),
    "queue": N_("Antrean"),
    "signing": N_("Penandatanganan"),
    "prices": N_("Harga"),
    "stock": N_("Stok"),
    "refunds": N_("Pengembalian dana"),
    "partners": N_("Mitra"),
    "books": N_("Pembukuan"),
    "people": N_("Data pribadi"),
    "events": N_("Acara"),
    "requests": N_("Permintaan"),
}
FIELDS: Final[Mapping[str, FieldWords]] = {
    "number": FieldWords(N_("Nomor kasus"), N_("Seperti K-7KQF-2M9D.")),
    "answer": FieldWords(
        N_("Jawaban Anda"),
        N_("Dalam bahasa orangnya. Bila kontaknya belum terbukti, jangan sebut isi pesanan siapa pun."),
    ),
    "order": FieldWords(N_("Nomor pesanan"), N_("Seperti 7KQF-2M9D-4XWH.")),
    "event": FieldWords(N_("Acara"), N_("Nama pendek di alamatnya, seperti casn.")),
    "people": FieldWords(N_("Orang per menit"), N_("Angka saja. 0: tidak ada yang dipanggil.")),
    "request": FieldWords(N_("Nomor permintaan"), N_("Dari halaman Permintaan, seperti 12.")),
    "deposit": FieldWords(N_("Nomor bukti setor (NTPN)"), N_("Yang sudah terbit tidak terbit lagi.")),
    "stamps": FieldWords(N_("Meterai"), N_("Banyaknya keping yang dibayar setoran itu. Angka saja.")),
    "refund": FieldWords(N_("Nomor pengembalian dana"), N_("Dari cerita pesanannya.")),
    "partner": FieldWords(N_("Kode mitra"), N_("Nama pendeknya, seperti bank-nusantara.")),
    "amount": FieldWords(N_("Rupiah"), N_("Angka saja, seperti 10000000.")),
    "receipt": FieldWords(N_("Nomor bukti"), N_("Dari kas negara atau bank.")),
    "price": FieldWords(N_("Harga per meterai"), N_("Rupiah. Tepat di bawah penerbit: tarifnya.")),
    "service_fee": FieldWords(
        N_("Biaya jasa per meterai"), N_("Rupiah. Tepat di bawah penerbit: tidak ada.")
    ),
    "credit": FieldWords(N_("Kredit paling banyak"), N_("Rupiah yang boleh terutang.")),
    "periods": FieldWords(
        N_("Masa pajak yang boleh belum dibayar"), N_("Untuk pemungut. Kosong: satu, yang sekarang.")
    ),
    "per_document": FieldWords(N_("Meterai paling banyak per dokumen"), N_("Kosong: tanpa batas.")),
    "per_day": FieldWords(N_("Meterai paling banyak sehari"), N_("Kosong: tanpa batas.")),
    "signed": FieldWords(N_("API hanya menerima permintaan bertanda tangan"), N_("Menurut RFC 9421.")),
    "plain": FieldWords(
        N_("Hash tanpa signing-certificate-v2 juga ditandatangani"), N_("Seperti dari beberapa adapter.")
    ),
    "first": FieldWords(N_("Hari pertama"), N_("WIB. Kosong: hari ini.")),
    "last": FieldWords(N_("Hari terakhir"), N_("Kosong: sampai ada perjanjian lain.")),
    "person": FieldWords(N_("Kontak orangnya"), N_("Alamat email atau nomor telepon yang lengkap.")),
    "contact": FieldWords(
        N_("Kontak baru"),
        N_("Alamat email atau nomor WhatsApp. Eja ulang bersama orangnya."),
    ),
    "proof": FieldWords(
        N_("Bukti"),
        N_("Nomor kasus, dan bagaimana orangnya membuktikan siapa dirinya. Jangan menyebut nama orang."),
    ),
    "item": FieldWords(N_("Bagian pesanan"), N_("Dihitung dari 1. Kosong: yang pertama. Kuota hanya satu.")),
    "pieces": FieldWords(N_("Meterai yang dikembalikan"), N_("Banyaknya keping. Hanya yang belum terpakai.")),
    "bank": FieldWords(
        N_("Bank"),
        N_(
            "Hanya untuk pembayaran lewat virtual account. Nama pendeknya, seperti bca, bsi, atau gopay. "
            "Kosong: pelanggan mengisi rekeningnya sendiri."
        ),
    ),
    "account": FieldWords(N_("Nomor rekening"), N_("Kosong bila banknya kosong.")),
    "holder": FieldWords(N_("Nama pemilik rekening"), N_("Seperti di rekening. Kosong bila banknya kosong.")),
    "valid_from": FieldWords(N_("Berlaku dari"), N_("Tanggal (WIB), paling cepat besok.")),
    "fee": FieldWords(N_("Biaya layanan per meterai"), N_("Rupiah, termasuk PPN, seperti 2500.")),
    "vat": FieldWords(N_("PPN atas biaya layanan"), N_("Dalam persen, seperti 11 atau 11,5.")),
    "reason": FieldWords(N_("Alasan"), N_("Untuk jejak audit. Jangan menyebut nama orang.")),
}
ANSWER_CASE: Final = ActWords(
    N_("Jawab kasus"),
    N_("Mengirim jawaban ke kontak kasus, dan menampilkannya di halaman kasus itu."),
    N_("Jawaban untuk {subject} sudah tersimpan."),
)
CLOSE_CASE: Final = ActWords(
    N_("Tutup kasus"),
    N_("Mengakhiri kasus. Halamannya tetap ada dan mengatakannya."),
    N_("Kasus {subject} sudah ditutup."),
)
ASK_GATEWAY: Final = ActWords(
    N_("Tanya gateway lagi"),
    N_("Menanyakan semua percobaan membayar pesanan ini, dan membukukan jawabannya dalam beberapa detik."),
    N_("Gateway ditanya tentang pesanan {subject} dalam beberapa detik."),
)
RETRY_STAMPING: Final = ActWords(
    N_("Coba lagi pemeteraian"),
    N_("Yang tertunda karena gangguan dicoba sekarang, dengan nomor seri yang sama."),
    N_("Pemeteraian pesanan {subject} dicoba sekarang."),
)
SEND_LINK: Final = ActWords(
    N_("Kirim tautan pesanan"),
    N_("Mengirim tautan ke kontak pesanan itu sendiri, paling banyak tiga kali sehari."),
    N_("Tautan pesanan {subject} dikirim ke kontaknya."),
)
CANCEL_ORDER: Final = ActWords(
    N_("Batalkan pesanan yang belum dibayar"),
    N_("Menutup tagihan di gateway, lalu mengakhiri pesanan. Uang yang masih datang dikembalikan."),
    N_("Pesanan {subject} dibatalkan dalam beberapa detik, kecuali baru saja dibayar."),
)
CHANGE_CONTACT: Final = ActWords(
    N_("Pindahkan pesanan ke kontak lain"),
    N_(
        "Untuk orang yang kehilangan kontaknya dan sudah membuktikan siapa dirinya. Semua tautan pesanan "
        "berakhir, dan kontak lama dan baru diberi tahu."
    ),
    N_("Pesanan {subject} sudah dipindahkan. Kontak lama dan baru diberi tahu dalam beberapa detik."),
)
CONTACT_BEFORE: Final = N_("Kontak sekarang")
CONTACT_AFTER: Final = N_("Kontak baru terbaca sebagai")
FORGOTTEN: Final = N_("sudah dihapus")
MOVES_WITH: Final = N_("Yang ikut pindah")
MOVED_THINGS: Final = N_("meterai yang belum terpakai, dokumen, dan kuitansi pesanan ini")
STAYS: Final = N_("Yang tetap")
STAYING_THINGS: Final = N_("rekening yang sudah disebut untuk pengembalian dana")
GIVE_REFUND: Final = ActWords(
    N_("Kembalikan meterai yang belum dipakai"),
    N_(
        "Untuk orang yang tidak dapat memintanya sendiri: kontaknya hilang, atau ada putusan. Hanya meterai "
        "pesanan lunas yang belum terpakai, dengan harga penuh."
    ),
    N_("Meterai sudah dikembalikan, dan uangnya tercatat bagi pelanggan: pengembalian dana {subject}."),
)
UNUSED: Final = N_("Yang dapat dikembalikan")
GOES_BACK: Final = N_("Uang yang kembali")
WAY_BACK: Final = N_("Ke mana uangnya")
BY_GATEWAY: Final = N_("ke sumber dana semula, lewat gateway")
TO_ACCOUNT: Final = N_("ke rekening di atas, setelah waktu tunggu")
NO_ACCOUNT_YET: Final = N_("belum dikirim; pelanggan mengisi rekeningnya")
ATTEMPTS: Final = N_("Percobaan membayar")
STOP_SIGNING: Final = ActWords(
    N_("Hentikan penandatanganan"),
    N_("Dalam lima detik tidak ada lagi yang ditandatangani. Semua yang sudah diterima tetap tersimpan."),
    N_(
        "Sakelar berhenti sudah aktif. Konsol tidak melihat proses penanda tangan: bila setelah lima detik "
        "masih ada yang ditandatangani, akhiri proses itu (docs/on-duty.md)."
    ),
)
RESUME_SIGNING: Final = ActWords(
    N_("Lanjutkan penandatanganan"),
    N_("Melepas sakelar berhenti. Yang menunggu diselesaikan sendiri, dengan nomor seri yang sudah ada."),
    N_("Sakelar berhenti sudah dilepas. Proses penanda tangan mengikutinya dalam lima detik."),
)
WITHDRAW_REQUEST: Final = ActWords(
    N_("Tarik permintaan"),
    N_(
        "Permintaan berakhir tanpa dilakukan. Yang boleh: petugas yang meminta, dan admin."
        " Yang diminta layanan diminta lagi olehnya."
    ),
    N_("Permintaan {subject} sudah ditarik. Tidak ada yang dilakukan; uang tidak bergerak."),
)
ACT: Final = N_("Tindakan")
SUBJECT: Final = N_("Mengenai")
HALT_QUEUE: Final = ActWords(
    N_("Tahan antrean"),
    N_(
        "Tidak ada yang dipanggil. Orang tetap bisa bergabung, dan tempat mereka tidak hilang."
        " Alasan tampil di log publik."
    ),
    N_("Antrean ditahan: {subject}. Pengendali mengikutinya dalam lima detik."),
)
RESUME_QUEUE: Final = ActWords(
    N_("Lanjutkan antrean"),
    N_("Orang dipanggil lagi. Alasan tampil di log publik."),
    N_("Antrean berlanjut: {subject}. Pengendali mengikutinya dalam lima detik."),
)
QUEUE_ON: Final = ActWords(
    N_("Semua orang mengantre"),
    N_(
        "Semua orang mengambil tempat dalam antrean, juga bila tidak perlu menunggu."
        " Alasan tampil di log publik."
    ),
    N_("Antrean menyala untuk semua: {subject}. Pengendali mengikutinya dalam lima detik."),
)
QUEUE_OFF: Final = ActWords(
    N_("Matikan antrean"),
    N_(
        "Orang masuk tanpa mengantre. Tiket tetap berlaku bila antrean menyala lagi."
        " Alasan tampil di log publik."
    ),
    N_("Antrean mati: {subject}. Pengendali mengikutinya dalam lima detik."),
)
CAP_QUEUE: Final = ActWords(
    N_("Batasi antrean"),
    N_(
        "Paling banyak sekian orang dipanggil per menit, tidak pernah lebih dari aturannya."
        " Alasan tampil di log publik."
    ),
    N_("Batas tersimpan: {subject}. Pengendali mengikutinya dalam lima detik."),
)
SET_PRICE: Final = ActWords(
    N_("Tetapkan biaya layanan"),
    N_(
        "Biaya layanan dan PPN-nya mulai suatu tanggal. Pesanan yang sudah dibuat tetap dengan harganya; "
        "orang lain melihat harga baru sebelum membayar."
    ),
    N_("Biaya layanan tersimpan, mulai {subject}."),
)
PRICE_BEFORE: Final = N_("Biaya layanan sebelumnya")
PRICE_AFTER: Final = N_("Biaya layanan baru")
PAID_BEFORE: Final = N_("Harga satu meterai sebelumnya")
PAID_AFTER: Final = N_("Harga satu meterai nanti")
LINE: Final = N_("Antrean sekarang")
LINE_ON: Final = N_("menyala")
LINE_OFF: Final = N_("mati")
PEOPLE_WAITING: Final = N_("Orang yang menunggu")
PEOPLE_A_MINUTE: Final = N_("Orang per menit sekarang")
CAP_NOW: Final = N_("Paling banyak per menit sekarang")
CAP_OF_POLICY: Final = N_("Paling banyak menurut aturan")
HALTED: Final = N_("Ditahan karena")
NOT_HALTED: Final = N_("tidak ditahan")
NO_DAY: Final = N_("Tulis tanggal seperti 2026-09-05.")
TOO_LITTLE: Final = N_("Paling sedikit {least}.")
TOO_MUCH: Final = N_("Paling banyak {most}.")
YES, NO = N_("ya"), N_("tidak")
NO_MOMENT: Final = N_("Pilih tanggal dan jam, seperti 31 Januari 2027 14.00.")
NO_NUMBER: Final = N_("Tulis angka saja, seperti 250.")
KIND: Final = N_("Tentang")
STATE: Final = N_("Keadaan")
WRITTEN: Final = N_("Yang ditulis orangnya")
PROOF: Final = N_("Kontak")
PROVEN: Final = N_("sudah terbukti")
NOT_PROVEN: Final = N_("belum terbukti")
ERASED_CONTACT: Final = N_("sudah dihapus; jawaban hanya tampil di halaman kasus")
WAITING: Final = N_("Dokumen yang menunggu meterai")
SWITCH: Final = N_("Sakelar berhenti sekarang")
SWITCH_ON: Final = N_("sudah aktif")
SWITCH_OFF: Final = N_("tidak aktif")
MISSING: Final = N_("Isi ini dulu.")
TOO_SHORT: Final = N_("Paling sedikit {shortest} karakter.")
TOO_LONG: Final = N_("Paling banyak {longest} karakter.")
