"""What stands on the receipt of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.marks import N_

RECEIPT: Final[Mapping[str, str]] = {
    "title": N_("Kuitansi"),
    "order": N_("Nomor pesanan"),
    "seller": N_("Penjual"),
    "buyer": N_("Pembeli"),
    "npwp": N_("NPWP"),
    "serials": N_("Nomor seri meterai"),
    "paid_at": N_("Dibayar"),
    "reference": N_("Nomor pembayaran"),
    "channel": N_("Cara bayar"),
    "pieces": N_("Meterai elektronik, {n} keping"),
    "fee": N_("Biaya layanan, {n} keping"),
    "vat": N_("termasuk PPN atas biaya layanan"),
    "total": N_("Jumlah dibayar"),
    "refund": N_("Dikembalikan"),
    "refund_open": N_("Sedang dikembalikan"),
    "refund_waits": N_("Akan dikembalikan, menunggu nomor rekening Anda"),
    "refund_held": N_("Akan dikembalikan, sedang kami periksa"),
    "reversed": N_("Pembayaran ini diambil kembali oleh bank atau dompet digital Anda"),
    "face": N_("Nilai nominal meterai tidak dikenai PPN (UU 10/2020)."),
}
