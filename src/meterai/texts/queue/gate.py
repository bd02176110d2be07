"""What the gate says in one sentence: problems with a form, headlines, and what stands below them.

What it says of a ticket: `gate_verdicts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.marks import N_

PROBLEMS: Final[Mapping[str, str]] = {
    "contact.unreadable": N_(
        "Email atau nomor WhatsApp ini tidak bisa dibaca. Contoh: nama@contoh.id atau 0812 3456 7890."
    ),
    "contact.slip": N_("Maksud Anda {meant}? Pilih alamat yang benar: ke sanalah kode dikirim."),
    "network.later": N_(
        "Terlalu banyak permintaan datang dari jaringan ini. Tunggu satu menit, lalu coba lagi."
    ),
    "ticket.unreadable": N_(
        "Tiket ini tidak bisa dibaca. Periksa apakah semua huruf tersalin (128 huruf dan angka)."
    ),
    "ticket.forged": N_("Tiket ini tidak sah. Periksa apakah tersalin dengan benar."),
    "ticket.other_event": N_(
        "Tiket ini untuk pendaftaran lain. Buka tautan yang tersimpan bersama tiket itu."
    ),
    "form.foreign": N_("Formulir ini tidak datang dari halaman kami. Buka halaman antrean, lalu ulangi."),
    "disk.failed": N_("Tiket belum bisa dibuat. Tunggu sebentar, lalu coba lagi."),
}

HEADLINES: Final[Mapping[str, str]] = {
    "called": N_("Giliran Anda"),
    "entered": N_("Anda sudah masuk"),
    "free": N_("Anda boleh langsung masuk"),
    "very_likely": N_("Sangat mungkin sempat"),
    "likely": N_("Mungkin sempat"),
    "unlikely": N_("Mungkin tidak sempat"),
    "not_tonight": N_("Kemungkinan besar tidak sempat"),
    "lottery": N_("Anda ikut undian"),
    "near": N_("Giliran Anda hampir tiba"),
    "waiting": N_("Anda di dalam antrean"),
    "halted": N_("Antrean berhenti sebentar"),
    "out_of_stock": N_("Stok meterai sedang habis"),
    "closed": N_("Antrean sudah ditutup"),
    "not_yet": N_("Antrean belum dibuka"),
    "not_found": N_("Halaman ini tidak ada"),
    "fault": N_("Ada gangguan di pihak kami"),
}

TEXTS: Final[Mapping[str, str]] = {
    "closed": N_(
        "Antrean {event} ditutup {moment}. Jika Anda mengantre saat itu dan membuka halaman antrean dalam 30 "
        "menit sebelum atau sesudahnya, buka tiket Anda untuk mengambil bukti antre."
    ),
    "not_yet": N_("Anda bisa mengambil tempat mulai {moment}. Tidak perlu menunggu di halaman ini."),
    "not_found": N_("Periksa alamatnya."),
    "fault": N_("Muat ulang halaman ini sebentar lagi. Tempat Anda ada di tiket dan tidak hilang."),
    "to_site": N_("Ke beranda Meterai"),
    "unknown_time": N_("belum dapat diperkirakan"),
    "between": N_("{soonest} – {latest}"),
    "about": N_("{moment}"),
    "from": N_("paling cepat {soonest}"),
}
