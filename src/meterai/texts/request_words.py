"""Words of requests that wait for a second officer: their acts, and the facts that officers decide about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts import acts_of_two, console_acts, event_acts
from meterai.texts.mechanism.marks import N_

TITLES: Final[Mapping[str, str]] = {
    "sealing.resume": console_acts.RESUME_SIGNING.title,
    "quota.issue": acts_of_two.ISSUE_STOCK.title,
    "refund": N_("Bayar pengembalian dana yang besar"),
    "refund.give": console_acts.GIVE_REFUND.title,
    "refund.end": acts_of_two.END_REFUND.title,
    "refund.again": acts_of_two.PAY_AGAIN.title,
    "partner.deposit": acts_of_two.PARTNER_DEPOSIT.title,
    "partner.payment": acts_of_two.PARTNER_PAYMENT.title,
    "partner.agree": acts_of_two.PARTNER_AGREEMENT.title,
    "person.erase": acts_of_two.ERASE_PERSON.title,
    "key.add": N_("Daftarkan kunci tanda tangan"),
    "price.set": console_acts.SET_PRICE.title,
    "event.open": event_acts.OPEN_EVENT.title,
    "event.change": event_acts.CHANGE_EVENT.title,
    "event.close": event_acts.CLOSE_EVENT.title,
    "event.follow_file": event_acts.FOLLOW_FILE.title,
    "news.apologise": N_("Terbitkan permintaan maaf"),
}
"""Each act of two officers."""
FACTS: Final[Mapping[str, str]] = {
    "order": N_("Nomor pesanan"),
    "item": N_("Nomor urut di pesanan"),
    "given_back_before": N_("Meterai yang sudah dikembalikan sebelumnya"),
    "organisation": N_("Kode mitra"),
    "pieces": N_("Meterai"),
    "amount": N_("Jumlah uang"),
    "bank": N_("Bank"),
    "account": N_("Nomor rekening"),
    "holder": N_("Pemilik rekening"),
    "named_at": N_("Rekening disebut pada"),
    "naming": N_("Rekening disebut berapa kali"),
    "kind": N_("Jenis kontak"),
    "contact": N_("Kontak"),
    "fee": N_("Biaya layanan per meterai, termasuk PPN"),
    "vat": N_("PPN di dalamnya"),
    "vat_basis_points": N_("Tarif PPN"),
    **{
        name: event_acts.FIELDS[name].label
        for name in ("name", "name_en", "agency", "agency_en", "zone", "opens_at", "closes_at")
    },
    "required_documents": event_acts.FIELDS["documents"].label,
    "output_bytes_max": N_("Berkas bermeterai paling besar (byte)"),
    "pdf_version_min": event_acts.FIELDS["pdf_version"].label,
    "signed_later": event_acts.FIELDS["signed_later"].label,
    "hand_in": event_acts.FIELDS["hand_in"].label,
    "queue": N_("Aturan antrean"),
    "unit_price": N_("Harga per meterai"),
    "service_fee": N_("Biaya jasa per meterai"),
    "credit_limit": N_("Kredit paling banyak"),
    "open_periods_max": N_("Masa pajak yang boleh belum dibayar"),
    "stamps_per_document_max": N_("Meterai paling banyak per dokumen"),
    "stamps_per_day_max": N_("Meterai paling banyak sehari"),
    "signed_requests": N_("API hanya menerima permintaan bertanda tangan"),
    "plain_hashes": N_("Hash tanpa signing-certificate-v2"),
    "place": N_("Tempat kunci"),
    "purpose": N_("Kegunaan kunci"),
    "certificates": N_("Sertifikat"),
    "valid_from": N_("Berlaku dari"),
    "valid_until": N_("Berlaku sampai"),
    "changes_id": N_("Yang berubah, dalam bahasa Indonesia"),
    "changes_en": N_("Yang berubah, dalam bahasa Inggris"),
    "reason": N_("Alasan"),
}
"""The names of facts, in the order in which they are shown. Others come last, as they are."""
RUPIAH: Final = frozenset({"amount", "credit_limit", "fee", "service_fee", "unit_price", "vat"})
"""Facts that are money."""
WHEN_APPROVED: Final = N_("saat petugas kedua menyetujuinya")
HIDDEN: Final = N_("data pribadi; tampak bagi yang boleh menyetujui")
YES, NO = console_acts.YES, console_acts.NO
ASKED_BY: Final = N_("Diminta oleh")
SERVICE: Final = N_("layanan ini sendiri")
