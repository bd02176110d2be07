"""How each part of the service runs, as status pages say it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from meterai.texts.mechanism.marks import N_


class Part(StrEnum):
    """A part of the service. Its value stands in `GET /api/v1/status`."""

    SITE = "site"
    PAYMENT = "payment"
    STAMPING = "stamping"
    VERIFICATION = "verification"
    LEDGER = "ledger"
    QUEUE = "queue"


class PartState(StrEnum):
    """How a part runs. Its value stands in `GET /api/v1/status`."""

    GOOD = "good"
    BAD = "disrupted"
    NO_STOCK = "out_of_stock"
    HELD = "held"
    DELAYED = "delayed"
    PAUSED = "paused"


PARTS: Final[Mapping[Part, str]] = {
    Part.SITE: N_("Situs dan pembelian"),
    Part.PAYMENT: N_("Pembayaran"),
    Part.STAMPING: N_("Pemberian meterai"),
    Part.VERIFICATION: N_("Pemeriksaan meterai"),
    Part.LEDGER: N_("Catatan uang dan kuota"),
    Part.QUEUE: N_("Antrean pendaftaran"),
}
STATES: Final[Mapping[PartState, str]] = {
    PartState.GOOD: N_("Berjalan"),
    PartState.BAD: N_("Terganggu"),
    PartState.NO_STOCK: N_("Stok meterai habis; pesanan tersimpan sebagai draf"),
    PartState.HELD: N_("Ditahan; tidak ada yang kehilangan tempat"),
    PartState.DELAYED: N_("Tertunda; yang sudah masuk tersimpan dan dilanjutkan"),
    PartState.PAUSED: N_("Dihentikan sementara; yang sudah masuk tersimpan dan dilanjutkan"),
}
