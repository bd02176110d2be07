"""What the states of the API's objects mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from meterai.texts.mechanism.marks import N_
from meterai.texts.news_words import INCIDENT_STATES
from meterai.texts.service_states import STATES


class StatedObject(msgspec.Struct, frozen=True):
    """An object with its states, in their usual order. `schema`: its name in the description of the API."""

    schema: str
    name: str
    field: str
    states: Mapping[str, str]
    last: frozenset[str]
    """After these nothing follows."""


OBJECTS: Final = (
    StatedObject(
        "Stamp",
        N_("Pembubuhan"),
        "state",
        {
            "accepted": N_("Meterai sudah dipesan dari stok dan menunggu giliran."),
            "sealing": N_("Meterai sedang dibubuhkan dan ditandatangani."),
            "released": N_("Selesai: berkasnya dapat diunduh, dan meterainya terpakai."),
            "refused": N_("Dokumen ditolak; `problem` menyebut sebabnya. Meterai kembali ke stok."),
        },
        frozenset({"released", "refused"}),
    ),
    StatedObject(
        "OwnSerial",
        N_("Nomor seri"),
        "state",
        {
            "unstamped": N_("Diambil lebih dulu; menunggu dokumennya tanpa batas waktu."),
            "allocated": N_("Diberikan kepada satu dokumen; meterainya belum jadi."),
            "sealed": N_("Sudah ditandatangani; berkasnya belum diserahkan."),
            "released": N_("Berlaku: berkasnya sudah diserahkan, dan meterainya terpakai."),
            "used": N_("Berlaku pada berkas di luar layanan ini: hash-nya sudah ditandatangani."),
            "annulled": N_("Tidak jadi dipakai, dan tidak akan dipakai lagi."),
        },
        frozenset({"released", "used", "annulled"}),
    ),
    StatedObject(
        "Bundle",
        N_("Bundel"),
        "state",
        {
            "open": N_("Berkas dapat disebut dan diunggah."),
            "stamping": N_("Berkas yang siap sedang diberi meterai."),
            "waiting_for_quota": N_("Stok habis. Bundel lanjut sendiri setelah stok bertambah."),
            "halted": N_("Terhenti karena yang disebut `problem`, dan lanjut sendiri sesudahnya."),
            "ended": N_("Semua berkas selesai; hasilnya dapat diunduh."),
            "cancelled": N_(
                "Dihentikan. Yang sudah dipesan tetap dikerjakan; selebihnya tidak memakai apa pun."
            ),
        },
        frozenset({"ended", "cancelled"}),
    ),
    StatedObject(
        "File",
        N_("Berkas bundel"),
        "state",
        {
            "expected": N_("Disebut dalam daftar; isinya belum lengkap."),
            "ready": N_("Isinya lengkap, sudah diperiksa, dan ada tempat untuk meterai."),
            "unfit": N_("Tidak dapat diberi meterai sebagaimana diminta; `problem` menyebut sebabnya."),
            "waiting": N_("Menunggu giliran setelah bundel dimulai."),
            "stamping": N_("Sedang diberi meterai."),
            "stamped": N_("Selesai: berkasnya ada di hasil bundel."),
            "refused": N_("Ditolak waktu diberi meterai. Meterai kembali ke stok."),
            "expired": N_("Isinya sudah dihapus sebelum diberi meterai. Unggah lagi di bundel baru."),
        },
        frozenset({"unfit", "stamped", "refused", "expired"}),
    ),
    StatedObject(
        "ShownOrganisation",
        N_("Organisasi"),
        "state",
        {
            "active": N_("Dapat menerima, meneruskan, dan memakai meterai."),
            "suspended": N_("Tidak menerima dan tidak memakai meterai, juga semua yang di bawahnya."),
            "closed": N_("Ditutup untuk selamanya. Tidak ada meterai yang masuk atau keluar lagi."),
        },
        frozenset({"closed"}),
    ),
    StatedObject(
        "ShownWebhook",
        N_("Webhook"),
        "state",
        {
            "enabled": N_("Pesan dikirim ke alamat ini."),
            "disabled": N_(
                "Tidak ada yang dikirim; `disabled_because` menyebut sebabnya. Dapat diaktifkan lagi."
            ),
        },
        frozenset(),
    ),
    StatedObject(
        "ShownDelivery",
        N_("Pengiriman"),
        "state",
        {
            "waiting": N_("Menunggu, atau akan dicoba lagi pada `next_attempt_at`."),
            "delivered": N_("Penerima menjawab 200 sampai 299."),
            "failed": N_("Tidak diterima setelah semua percobaan. Dapat dikirim ulang."),
            "stopped": N_("Webhook dinonaktifkan atau dihapus lebih dulu. Dapat dikirim ulang."),
        },
        frozenset({"delivered", "failed", "stopped"}),
    ),
    StatedObject(
        "ReportView",
        N_("Laporan"),
        "state",
        {
            "waiting": N_("Sedang dibuat."),
            "ready": N_("Sudah cocok dengan buku besar, dan dapat diunduh selama 30 hari."),
            "failed": N_("Tidak diberikan; `problem` menyebut sebabnya. Minta sekali lagi."),
        },
        frozenset({"ready", "failed"}),
    ),
    StatedObject(
        "PartNow",
        N_("Bagian layanan"),
        "state",
        {str(key): words for key, words in STATES.items()},
        frozenset(),
    ),
    StatedObject(
        "IncidentNow",
        N_("Gangguan"),
        "state",
        INCIDENT_STATES,
        frozenset({"resolved"}),
    ),
)
"""A test compares them with the description of the API."""
