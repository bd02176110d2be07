"""How each part of the service runs, as the status page says it."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

SITE: Final = N_("Situs dan pembelian")
PAYMENT: Final = N_("Pembayaran")
STAMPING: Final = N_("Pemberian meterai")
VERIFICATION: Final = N_("Pemeriksaan meterai")
LEDGER: Final = N_("Catatan uang dan kuota")
QUEUE: Final = N_("Antrean pendaftaran")

GOOD: Final = N_("Berjalan")
BAD: Final = N_("Terganggu")
NO_STOCK: Final = N_("Stok meterai habis; pesanan tersimpan sebagai draf")
HELD: Final = N_("Ditahan; tidak ada yang kehilangan tempat")
DELAYED: Final = N_("Tertunda; yang sudah masuk tersimpan dan dilanjutkan")
PAUSED: Final = N_("Dihentikan sementara; yang sudah masuk tersimpan dan dilanjutkan")
