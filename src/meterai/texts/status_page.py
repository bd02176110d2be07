"""What the status page elsewhere says: parts, their health, and the sentence at its top."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from meterai.texts import news_words
from meterai.texts.mechanism.marks import N_


class Component(StrEnum):
    """What the status page looks at from outside. Its value stands in `status.json`."""

    HOME = "home"
    LINE = "line"
    PAYMENTS = "payments"
    STAMPING = "stamping"
    VERIFICATION = "verification"
    API = "api"


class Door(StrEnum):
    """What the probe's purchase goes through. Its value stands in `status.json`."""

    HOME = "home"
    CHECKOUT = "checkout"
    PAYMENT = "payment"
    GATEWAY = "gateway"
    STAMPING = "stamping"
    VERIFICATION = "verification"


class Health(StrEnum):
    """How a component is. Its value stands in `status.json`."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


COMPONENTS: Final[Mapping[Component, str]] = {
    Component.HOME: N_("Situs dan pembelian"),
    Component.LINE: N_("Halaman antrean"),
    Component.PAYMENTS: N_("Pembayaran"),
    Component.STAMPING: N_("Pemberian meterai"),
    Component.VERIFICATION: N_("Pemeriksaan meterai"),
    Component.API: N_("API untuk mitra"),
}
DOORS: Final[Mapping[Door, str]] = {
    Door.HOME: N_("Beranda"),
    Door.CHECKOUT: N_("Unggah dan formulir pembelian"),
    Door.PAYMENT: N_("Pesanan dan pembayaran"),
    Door.GATEWAY: N_("Gerbang pembayaran"),
    Door.STAMPING: N_("Pemberian meterai"),
    Door.VERIFICATION: N_("Pemeriksaan meterai"),
}
"""For people."""
HEALTHS: Final[Mapping[Health, str]] = {
    Health.UP: N_("Berjalan"),
    Health.DEGRADED: N_("Lambat atau tertunda"),
    Health.DOWN: N_("Terganggu"),
    Health.UNKNOWN: N_("Belum diketahui"),
}
SEVERITIES: Final[Mapping[str, str]] = {"info": N_("Informasi"), **news_words.SEVERITIES}
"""Of incidents, and of the notice by hand."""
ALL_WELL: Final = N_("Semua layanan berjalan")
SLOW: Final = N_("Sebagian layanan lambat atau tertunda")
DISTURBED: Final = N_("Sebagian layanan terganggu")
ALL_DOWN: Final = N_("Layanan tidak dapat dipakai saat ini")
NOT_KNOWN: Final = N_("Keadaan layanan belum diketahui")
INCIDENT_OPEN: Final = N_("Ada gangguan yang sedang kami tangani")

APOLOGY: Final = N_("Permohonan maaf")
FEED_TITLE: Final = N_("Keadaan layanan e-Meterai")
CHART_TITLE: Final = N_("90 hari terakhir")
CHART_ROW: Final = N_("{name}: berjalan {share}% dari waktu yang diketahui")
CHART_ROW_UNKNOWN: Final = N_("{name}: belum ada catatan")
OUTAGE_BEGAN: Final = N_("{name}: terganggu sejak {since}")
OUTAGE_OVER: Final = N_("{name}: terganggu {since} sampai {until}")
