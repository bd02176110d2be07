"""What clients of the wire are told about batches."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

ACCEPTED: Final = N_("{count} dokumen mendapat nomor seri. Hasilnya dikirim ke return_url.")
ACCEPTED_PARTLY: Final = N_(
    "{count} dari {all} dokumen mendapat nomor seri; kuota habis untuk sisanya. "
    "Hasilnya dikirim ke return_url."
)
NO_QUOTA: Final = N_(
    "Kuota meterai tidak cukup untuk dokumen ini. Tambah kuota, lalu kirim lagi dokumen ini. "
    "Tidak ada meterai yang terpakai."
)
RETURNED: Final = N_("Nomor seri dokumen ini sudah dikembalikan ke kuota. Ambil nomor seri baru.")
