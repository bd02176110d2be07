"""Words of acts that two officers sign: their names, and the figures that officers are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.console_acts import ActWords
from meterai.texts.mechanism.marks import N_

ISSUE_STOCK: Final = ActWords(
    N_("Terbitkan stok meterai"),
    N_("Membukukan setoran di kas negara, dan menambah stok dengan meterai yang dibayarnya."),
    N_("Stok untuk setoran {subject} sudah terbit."),
)
DEPOSITED: Final = N_("Uang yang disetor")
STOCK_NOW: Final = N_("Stok sekarang")
STOCK_THEN: Final = N_("Stok sesudahnya")
END_REFUND: Final = ActWords(
    N_("Catat pengembalian dana sebagai dibayar"),
    N_("Untuk uang yang sudah sampai dengan cara lain. Tindakan ini tidak mengirim uang."),
    N_("Pengembalian dana {subject} tercatat sebagai dibayar. Uang tidak bergerak."),
)
PAY_AGAIN: Final = ActWords(
    N_("Kirim lagi pengembalian dana"),
    N_(
        "Hanya bila penyedia tidak pernah menerimanya, atau tidak mengenalnya lagi. Periksa di penyedia dulu."
    ),
    N_("Pengembalian dana {subject} dikirim lagi dengan nomor baru, atau diperhitungkan."),
)
ORDER: Final = N_("Nomor pesanan")
SUM: Final = N_("Jumlah uang")
DOUBT: Final = N_("Mengapa diragukan")
PARTNER_DEPOSIT: Final = ActWords(
    N_("Catat setoran distributor"),
    N_("Uang distributor di kas negara. Blok meterai diambil darinya; setoran saja tidak menerbitkan."),
    N_("Setoran {subject} sudah tercatat."),
)
PARTNER_PAYMENT: Final = ActWords(
    N_("Catat pembayaran pemungut"),
    N_("Uang pemungut tepat di bawah penerbit: utang tertua dulu, sisanya bayaran di muka."),
    N_("Pembayaran {subject} sudah tercatat."),
)
PARTNER_AGREEMENT: Final = ActWords(
    N_("Buat perjanjian dengan mitra"),
    N_("Harga, kredit, dan batas mitra tepat di bawah penerbit, sejak suatu hari."),
    N_("Perjanjian dengan {subject} sudah dibuat."),
)
NAME: Final = N_("Nama")
PLACE: Final = N_("Perannya")
FIRST_DAY: Final = N_("Berlaku dari")
PLACES: Final[Mapping[str, str]] = {
    "distributor": N_("distributor"),
    "retailer": N_("pengecer"),
    "enterprise": N_("perusahaan"),
    "collector": N_("pemungut"),
    "sub_account": N_("bagian dari mitra"),
}
"""Roles of organisations in the chain of sale."""
ERASE_PERSON: Final = ActWords(
    N_("Hapus data seseorang"),
    N_(
        "Kontak, nama, rekening, dokumen, dan pengaduan seseorang terhapus. Tidak bisa dibatalkan. Jumlah "
        "dan tanggal pembukuan tetap; meterai tetap bisa diperiksa."
    ),
    N_("Data orang ini sudah dihapus. Berkasnya dihapus dalam beberapa menit."),
)
HELD: Final[Mapping[str, str]] = {
    "contacts": N_("Tersimpan: kontak"),
    "sessions": N_("Tersimpan: peramban yang masuk"),
    "memberships": N_("Tersimpan: keanggotaan mitra"),
    "orders": N_("Tersimpan: pesanan"),
    "buyers": N_("Tersimpan: nama pembeli"),
    "accounts": N_("Tersimpan: nomor rekening"),
    "documents": N_("Tersimpan: dokumen"),
    "cases": N_("Tersimpan: kasus"),
    "messages": N_("Tersimpan: pesan yang menunggu"),
    "reminders": N_("Tersimpan: pengingat antrean"),
    "audit_values": N_("Tersimpan: nilai di jejak audit"),
}
"""What we hold of a person."""
