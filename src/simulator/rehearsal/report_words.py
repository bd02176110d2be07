"""What the report of a rehearsal says, in Indonesian and English."""

from __future__ import annotations

from typing import Final, Literal

type Language = Literal["id", "en"]

WORDS: Final[dict[str, dict[str, str]]] = {
    "title": {"id": "Laporan geladi", "en": "Report of a rehearsal"},
    "ok": {"id": "Lulus", "en": "Passed"},
    "not_ok": {"id": "Tidak lulus", "en": "Not passed"},
    "about": {
        "id": "Dua belas jam terakhir sebelum tenggat, dipadatkan menjadi {minutes} menit; {rate} orang per "
        "detik pada saat penutupan.",
        "en": "The last twelve hours before a deadline, compressed into {minutes} min; {rate} people a "
        "second at the closing.",
    },
    "came": {"id": "orang datang", "en": "people came"},
    "finished": {"id": "selesai", "en": "finished"},
    "lost": {"id": "membayar tanpa hasil", "en": "paid without a result"},
    "gave_up": {"id": "menyerah sebelum membayar", "en": "gave up before paying"},
    "left": {"id": "masih mengantre di akhir", "en": "still in line at the end"},
    "waited": {"id": "detik menunggu (p50, p95)", "en": "seconds of waiting (p50, p95)"},
    "promises": {"id": "janji ditepati", "en": "promises kept"},
    "reloads": {"id": "permintaan diulang", "en": "requests sent again"},
    "rates": {"id": "Orang per detik", "en": "People a second"},
    "arriving": {"id": "datang", "en": "arriving"},
    "line": {"id": "Orang di dalam dan dalam antrean", "en": "People inside and in line"},
    "in_line": {"id": "dalam antrean", "en": "in line"},
    "inside": {"id": "di dalam", "en": "inside"},
    "p95": {"id": "p95 jawaban, milidetik", "en": "p95 of the answers, milliseconds"},
    "faults": {"id": "Gangguan", "en": "Faults"},
    "fault": {"id": "gangguan", "en": "fault"},
    "when": {"id": "mulai, detik", "en": "began, s"},
    "lasted": {"id": "berlangsung, detik", "en": "lasted, s"},
    "fired": {"id": "terbukti terjadi", "en": "seen to fire"},
    "after": {"id": "selesai sesudahnya", "en": "finished after it"},
    "progress": {"id": "yang pertama, detik kemudian", "en": "the first, s later"},
    "checks": {"id": "Pemeriksaan", "en": "Checks"},
    "yes": {"id": "ya", "en": "yes"},
    "no": {"id": "tidak", "en": "no"},
    "holds": {"id": "baik", "en": "holds"},
    "fails": {"id": "gagal", "en": "fails"},
    "reasons": {"id": "Mengapa tidak lulus", "en": "Why it is not passed"},
    "problems": {"id": "Masalah orang-orang", "en": "What people met"},
    "seconds": {"id": "detik", "en": "seconds"},
    "gateway_down": {"id": "gerbang pembayaran diam", "en": "payment gateway silent"},
    "jail_killed": {"id": "ruang kurung PDF dimatikan", "en": "PDF jail killed"},
    "signer_killed": {"id": "penanda tangan dimatikan", "en": "signer killed"},
    "worker_killed": {"id": "pekerja dimatikan", "en": "worker killed"},
    "gate_killed": {"id": "gerbang antrean dimatikan", "en": "queue gate killed"},
    "database_restarted": {"id": "PostgreSQL dimulai ulang", "en": "PostgreSQL restarted"},
}


def say(key: str, language: Language, **facts: str) -> str:
    """The words for `key`."""
    return WORDS[key][language].format(**facts)
