"""Words about partners and their members."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.marks import N_

MEMBER_ROLES: Final = {
    "owner": N_("Pemilik"),
    "buyer": N_("Pembeli"),
    "stamper": N_("Pemberi meterai"),
    "viewer": N_("Hanya melihat"),
}
"""The roles of an organisation's members."""

INVITATION: Final = Letter(
    N_("Undangan menjadi anggota {organisation}"),
    N_(
        "{organisation} mengundang Anda untuk bertindak baginya di Meterai. Peran Anda: {role}.\n\n"
        "Buka tautan ini, lalu buktikan kontak ini dengan kode: {link}\n\n"
        "Berlaku 7 hari, satu kali, dan hanya untuk kontak ini. Tidak mengenal organisasi ini? "
        "Abaikan pesan ini, tidak ada yang berubah."
    ),
)
"""By it a person becomes a member of an organisation."""

ROLE_RIGHTS: Final = {
    "owner": N_("Melihat semuanya, memberi meterai, mengambil stok, mengatur anggota, program, dan webhook."),
    "buyer": N_("Melihat semuanya dan mengambil stok."),
    "stamper": N_("Melihat semuanya dan memberi meterai."),
    "viewer": N_("Melihat semuanya, tidak mengubah apa pun."),
}
"""What each role may do (`partners/rights.py`)."""

STATEMENT_ACCOUNTS: Final = {
    "partner_stock": N_("Stok meterai"),
    "unstamped": N_("Meterai untuk nomor seri yang belum dibubuhkan"),
    "partner_funds": N_("Saldo titipan pada pemasok"),
    "credit_owed": N_("Utang kepada pemasok"),
    "treasury_prepaid": N_("Setoran di kas negara"),
}
"""The accounts of an organisation's monthly statement."""

MOVES: Final = {
    "block_issue": N_("Blok dari penerbit"),
    "block": N_("Blok"),
    "block_return": N_("Blok dikembalikan"),
    "stamping": N_("Dipakai pada dokumen"),
    "take_serial": N_("Nomor seri diambil"),
    "stamp_serial": N_("Dipakai pada dokumen di luar"),
    "return_serial": N_("Nomor seri dikembalikan"),
    "block_paid": N_("Blok dibayar dari titipan"),
    "block_repaid": N_("Uang blok yang dikembalikan"),
    "credit_taken": N_("Blok dengan kredit"),
    "credit_freed": N_("Utang blok yang dikembalikan"),
    "credit_paid": N_("Pembayaran utang"),
    "partner_prepaid": N_("Pembayaran di muka"),
    "partner_deposit": N_("Setoran"),
    "deposit_used": N_("Blok dari setoran"),
    "deposit_freed": N_("Setoran blok yang dikembalikan"),
}
"""What moved on these accounts, by the code of its transfer."""

PAID_BY: Final = {
    "deposit": N_("Dari setoran di kas negara"),
    "funds": N_("Dari saldo titipan"),
    "credit": N_("Dengan kredit"),
}
"""How a block is paid."""

BLOCK_RECEIPT: Final = {
    "title": N_("Kuitansi blok"),
    "giver": N_("Pemberi"),
    "receiver": N_("Penerima"),
    "npwp": N_("NPWP"),
    "at": N_("Waktu"),
    "paid_by": N_("Cara bayar"),
    "pieces": N_("Keping"),
    "returned": N_("Dikembalikan"),
    "price": N_("Meterai elektronik, {n} keping"),
    "fee": N_("Biaya layanan, {n} keping, termasuk PPN"),
    "total": N_("Jumlah"),
    "unpaid": N_("Belum dibayar"),
    "vat": N_("Bea meterai adalah pajak atas dokumen dan tidak dikenai PPN. PPN hanya atas biaya layanan."),
}
"""What stands on the receipt of a block as a PDF."""

REPORT_STATES: Final = {
    "waiting": N_("Sedang dibuat"),
    "ready": N_("Siap"),
    "failed": N_("Tidak dapat dibuat"),
}
"""How far a report is."""

REPORT_ABOUT: Final = {
    "collector_month": N_("Setiap meterai bulan itu: nomor seri, dokumen, nilai, dan pihak yang terutang."),
    "stock": N_("Stok awal, mutasi, dan stok akhir organisasi ini dan semua di bawahnya."),
    "treasury_dues": N_("Yang terutang ke kas negara per masa pajak, dan setoran di muka."),
}
"""What each kind of report says."""

DOCUMENT_TYPES: Final = {
    "statement": N_("Surat perjanjian, keterangan, atau pernyataan"),
    "notarial_deed": N_("Akta notaris"),
    "land_deed": N_("Akta PPAT"),
    "security": N_("Surat berharga"),
    "securities_transaction": N_("Dokumen transaksi surat berharga"),
    "auction": N_("Dokumen lelang"),
    "sum_of_money": N_("Dokumen yang menyebut uang lebih dari Rp5.000.000"),
    "other": N_("Dokumen lain"),
}
"""What the law taxes (UU 10/2020 article 3)."""

IDENTITY_TYPES: Final = {"nik": N_("NIK"), "npwp": N_("NPWP"), "passport": N_("Paspor")}
"""What identifies a taxpayer."""

STATEMENT_COLUMNS: Final = (
    N_("Tanggal"),
    N_("Rekening"),
    N_("Keterangan"),
    N_("Blok"),
    N_("Masuk"),
    N_("Keluar"),
    N_("Saldo"),
)
"""Of the monthly statement as a table."""

STATEMENT_ENDS: Final = (N_("Saldo awal"), N_("Saldo akhir"))
"""The first and the last line of each account."""

REPORT_TITLES: Final = {
    "collector_month": N_("Laporan pemungut"),
    "stock": N_("Laporan stok"),
    "treasury_dues": N_("Bea ke kas negara"),
}
"""The kinds of reports. They are names of sheets: at most 31 letters."""

REPORT_SUMMARY: Final = N_("Ringkasan")
"""The name of the sheet with the sums."""

REPORT_COLUMNS: Final = {
    "unit_code": N_("Kode unit"),
    "unit": N_("Unit"),
    "unit_role": N_("Peran"),
    "unit_npwp": N_("NPWP"),
    "business_date": N_("Tanggal"),
    "serial": N_("Nomor seri"),
    "duty": N_("Bea meterai"),
    "document_type": N_("Jenis dokumen"),
    "document_number": N_("Nomor dokumen"),
    "document_date": N_("Tanggal dokumen"),
    "document_value": N_("Nilai dokumen"),
    "liable_identity_type": N_("Jenis identitas pihak terutang"),
    "liable_identity": N_("Nomor identitas pihak terutang"),
    "liable_name": N_("Nama pihak terutang"),
    "opening": N_("Stok awal"),
    "received": N_("Diterima"),
    "passed_on": N_("Diteruskan"),
    "returned": N_("Dikembalikan ke pemasok"),
    "taken_back": N_("Dikembalikan dari bawahan"),
    "used": N_("Dipakai"),
    "taken": N_("Diambil untuk nomor seri"),
    "closing": N_("Stok akhir"),
    "basis": N_("Dasar"),
    "period": N_("Masa pajak"),
    "pieces": N_("Keping"),
    "amount": N_("Nilai"),
    "paid": N_("Dibayar"),
    "due": N_("Terutang"),
    "in_advance": N_("Setoran yang belum dipakai"),
}
"""The columns of reports."""

REPORT_FIGURES: Final = REPORT_COLUMNS | {
    "stamps": N_("Jumlah meterai"),
    "without_liable_party": N_("Tanpa pihak terutang"),
    "moved": N_("Semua mutasi stok"),
    "ledger_moved": N_("Stok menurut buku besar"),
    "used_ever": N_("Dipakai sejak awal"),
    "ledger_used_ever": N_("Dipakai sejak awal menurut buku besar"),
    "due_now": N_("Terutang sekarang"),
    "ledger_due_now": N_("Terutang sekarang menurut buku besar"),
}
"""The sums of reports. Those of the ledger equal their namesakes."""
