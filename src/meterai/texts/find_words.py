"""What officers read about an order that they found: the matter, the money, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_
from meterai.texts.states import STATES

_WAIT: Final = N_("Tidak ada yang perlu dilakukan.")
MATTERS: Final[Mapping[str, Explanation]] = {
    "taken_back": Explanation(
        N_("Bank atau penyedia pembayaran mengambil kembali uangnya."),
        N_("Tanyakan sebabnya kepada penyedia pembayaran dengan nomor pembayaran di bawah."),
    ),
    "in_doubt": Explanation(
        N_("Pengembalian dana menunggu petugas: mungkin uangnya sudah keluar lewat jalan lain."),
        N_("Periksa di penyedia, lalu akhiri atau ulangi: meterai refunds end, meterai refunds again."),
    ),
    "being_checked": Explanation(
        N_("Pengembalian dana sebesar ini menunggu persetujuan dua petugas."),
        N_("Petugas keuangan menyetujuinya: meterai release list."),
    ),
    "needs_account": Explanation(
        N_("Uangnya harus kembali, tetapi pelanggan belum menyebut rekening."),
        N_("Minta pelanggan membuka tautan pesanannya dan mengisi rekening."),
    ),
    "unread": Explanation(
        N_("Kabar dari penyedia pembayaran sudah datang, tetapi belum dibaca."),
        N_("Periksa apakah worker berjalan."),
    ),
    "late": Explanation(
        N_("Sudah dibayar lebih dari 10 menit yang lalu, tetapi belum selesai."),
        N_("Lihat sebabnya pada dokumen di bawah. Periksa penanda tangan dan otoritas waktu."),
    ),
    "stamping": Explanation(N_("Sudah dibayar; dokumennya sedang diberi meterai."), _WAIT),
    "refused": Explanation(
        N_("Ada dokumen yang tidak dapat diberi meterai. Meterainya tidak terpakai."),
        N_("Pelanggan dapat mengganti dokumennya atau meminta uangnya kembali di halaman pesanan."),
    ),
    "going_back": Explanation(N_("Uangnya sedang kembali kepada pelanggan."), _WAIT),
    "draft": Explanation(N_("Pesanan ini belum selesai diisi."), _WAIT),
    "unpaid": Explanation(
        N_("Pesanan ini menunggu pembayaran."),
        N_(
            "Pelanggan merasa sudah membayar? Minta nomor referensi dari bank atau dompet digitalnya, "
            "lalu cari."
        ),
    ),
    "expired": Explanation(
        N_("Waktu pembayarannya habis sebelum ada uang."),
        N_("Uang yang datang terlambat dipakai atau dikembalikan sendiri."),
    ),
    "cancelled": Explanation(
        N_("Pesanan ini dibatalkan sebelum dibayar."),
        N_("Uang yang masih datang dikembalikan sendiri."),
    ),
    "done": Explanation(N_("Pesanan ini selesai."), _WAIT),
}
"""By the values of `operations.finding.matter.Matter`: what is so, and what an officer does next."""

CASE_MATTERS: Final[Mapping[str, Explanation]] = {
    "open": Explanation(N_("Kasus ini menunggu jawaban."), N_("Baca tulisannya dan pesanannya, lalu jawab.")),
    "answered": Explanation(
        N_("Kasus ini sudah dijawab."), N_("Tutup bila tidak ada lagi yang harus dilakukan.")
    ),
    "closed": Explanation(N_("Kasus ini sudah ditutup."), _WAIT),
}
"""By the state of a case."""

PARTNER_MATTERS: Final[Mapping[str, Explanation]] = {
    "closed": Explanation(N_("Organisasi ini ditutup, untuk seterusnya."), _WAIT),
    "suspended": Explanation(
        N_("Organisasi ini dihentikan: tidak mendapat dan tidak memakai meterai."),
        N_("Sebabnya ada di bawah, di jejak audit. Untuk melanjutkannya: meterai partner state."),
    ),
    "above": Explanation(
        N_("Organisasi di atasnya dihentikan, jadi organisasi ini juga tidak dapat memakai meterai."),
        N_("Buka organisasi di atasnya untuk melihat sebabnya."),
    ),
    "no_agreement": Explanation(
        N_("Tidak ada perjanjian yang berlaku hari ini, jadi blok meterai tidak dapat diberikan."),
        N_("Organisasi di atasnya membuat perjanjian; tepat di bawah penerbit dua petugas membuatnya."),
    ),
    "no_stock": Explanation(
        N_("Stok meterainya habis."),
        N_("Organisasi ini mengambil blok baru, atau organisasi di atasnya memberikannya."),
    ),
    "webhook": Explanation(
        N_("Pesan ke webhook-nya tidak diterima."),
        N_("Minta tim teknis mitra memeriksa servernya. Peristiwanya dapat dibaca lewat API."),
    ),
    "batch": Explanation(
        N_("Ada batch yang hasilnya belum diterima mitra."),
        N_("Minta tim teknis mitra memeriksa alamat penerimanya."),
    ),
    "well": Explanation(N_("Semua berjalan."), _WAIT),
}
"""By the values of `operations.finding.partner_story.PartnerMatter`."""

MONEY: Final[Mapping[str, str]] = {
    "not_arrived": N_("Belum ada uang yang kami lihat. Pesanan masih dapat dibayar."),
    "not_arrived_ended": N_("Belum ada uang yang kami lihat. Pesanannya sudah berakhir."),
    "held": N_("Uangnya ada pada kami, untuk pesanan ini."),
    "partly_back": N_("Sebagian uangnya sudah atau sedang kembali; sisanya membayar pesanan ini."),
    "going_back": N_("Uangnya sedang kembali."),
    "waiting": N_(
        "Uangnya menunggu sebelum dikirim ke rekening yang disebut; pelanggan masih dapat menghentikannya."
    ),
    "unapproved": N_("Uangnya belum dikirim: pengirimannya di penyedia menunggu persetujuan."),
    "in_doubt": N_("Uangnya mungkin sudah kembali. Petugas harus memeriksanya."),
    "needs_account": N_("Uangnya ada pada kami sampai pelanggan menyebut rekening."),
    "back": N_("Semua uangnya sudah kembali."),
    "taken_back": N_("Uangnya tidak lagi ada pada kami."),
}
"""By the values of `sales.queries.money.MoneyPlace`."""

EVENTS: Final[Mapping[str, str]] = {
    **{name.removeprefix("event."): one.what for name, one in STATES.items() if name.startswith("event.")},
    "charged": N_("Pembayaran dibuka di penyedia"),
    "unread": N_("Kabar penyedia datang, belum dibaca"),
    "job": N_("Dokumen masuk ke penandatanganan"),
    "attempt": N_("Percobaan menandatangani"),
    "released": N_("Meterai diserahkan"),
    "annulled": N_("Meterai dibatalkan"),
    "refused": N_("Dokumen ditolak"),
    "message": N_("Pesan kepada pelanggan"),
    "case": N_("Kasus dibuka"),
    "act": N_("Tindakan petugas"),
}
"""By the names of `operations.finding.story.Event`."""

ORDER_STATES: Final[Mapping[str, str]] = {
    "draft": N_("Sedang diisi"),
    "awaiting_payment": N_("Menunggu pembayaran"),
    "paid": N_("Dibayar"),
    "completed": N_("Selesai"),
    "expired": N_("Kedaluwarsa"),
    "cancelled": N_("Dibatalkan"),
}
FLOWS: Final[Mapping[str, str]] = {"stamp": N_("Dokumen"), "quota": N_("Kuota")}
JOB_STATES: Final[Mapping[str, str]] = {
    "accepted": N_("Menunggu giliran"),
    "sealing": N_("Sedang ditandatangani"),
    "released": N_("Diserahkan"),
    "refused": N_("Ditolak"),
}
STAMP_STATES: Final[Mapping[str, str]] = {
    "allocated": N_("Nomor sudah dipakai, belum ditandatangani"),
    "sealed": N_("Ditandatangani, belum diserahkan"),
    "released": N_("Diserahkan"),
    "annulled": N_("Dibatalkan"),
}
PARTNER_ROLES: Final[Mapping[str, str]] = {
    "distributor": N_("Distributor"),
    "retailer": N_("Pengecer"),
    "enterprise": N_("Perusahaan"),
    "collector": N_("Pemungut"),
    "sub_account": N_("Subakun"),
}
PARTNER_STATES: Final[Mapping[str, str]] = {
    "active": N_("Masih aktif"),
    "suspended": N_("Dihentikan sementara"),
    "closed": N_("Sudah ditutup"),
}
WEBHOOK_STATES: Final[Mapping[str, str]] = {
    "enabled": N_("Aktif"),
    "disabled": N_("Dinonaktifkan"),
}
PARTNER_TERMS: Final = (
    "unit_price",
    "service_fee",
    "credit_limit",
    "open_periods_max",
    "stamps_per_document_max",
    "stamps_per_day_max",
)
"""What the page of a partner shows of an agreement, by the names in `request_words.FACTS`."""
ATTEMPTS: Final[Mapping[str, str]] = {
    "not_called": N_("Antrean ditutup sebelum pemegangnya dipanggil."),
    "called_too_late": N_("Pemegangnya dipanggil terlalu dekat dengan penutupan."),
    "door_full": N_("Pemegangnya dipanggil dan datang, tetapi layanan penuh."),
}
"""By the outcome of a certificate of attempt."""
KEY_STATES: Final[Mapping[str, str]] = {
    "active": N_("Dipakai sekarang"),
    "expired": N_("Dipakai, tetapi masa berlakunya habis"),
    "next": N_("Berikutnya"),
    "waiting": N_("Terdaftar, belum diaktifkan"),
    "replaced": N_("Sudah diganti"),
    "retired": N_("Dipensiunkan untuk seterusnya"),
}
"""By the states of `signing_keys.state_of`."""
KEY_PURPOSES: Final[Mapping[str, str]] = {"seal": N_("Segel dokumen"), "hash": N_("Hash dari mitra")}
MESSAGES: Final[Mapping[str, str]] = {
    "link": N_("Tautan pesanan"),
    "paid": N_("Kabar bahwa pembayaran diterima"),
    "order": N_("Kabar pesanan"),
    "message": N_("Pesan lain ke kontak ini"),
    "news": N_("Kabar gangguan"),
}
"""By the beginning of `operations.finding.story.MessageStory.what`."""
