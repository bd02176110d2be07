"""What the report of a rehearsal says, in Indonesian and English."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from simulator.planner.chart_words import number

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
    "gave_up": {
        "id": "menyerah tanpa membayar, atau uangnya kembali",
        "en": "gave up without paying, or got the money back",
    },
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
    "pause": {"id": "paling lama tak ada yang selesai, detik", "en": "longest time nobody was finished, s"},
    "after": {"id": "datang sesudahnya dan selesai", "en": "came after it and were finished"},
    "checks": {"id": "Pemeriksaan", "en": "Checks"},
    "yes": {"id": "ya", "en": "yes"},
    "no": {"id": "tidak", "en": "no"},
    "holds": {"id": "baik", "en": "holds"},
    "fails": {"id": "gagal", "en": "fails"},
    "reasons": {"id": "Mengapa tidak lulus", "en": "Why it is not passed"},
    "problems": {"id": "Masalah orang-orang", "en": "What people met"},
    "seconds": {"id": "detik", "en": "seconds"},
    "files_judged": {"id": "berkas diperiksa luring", "en": "files judged offline"},
    "genuine": {"id": "{genuine} dari {files} asli", "en": "{genuine} of {files} genuine"},
    "not_ended": {"id": "tidak selesai dalam {seconds} detik", "en": "not ended within {seconds} s"},
    "audit_passes": {"id": "lulus, {entries} entri", "en": "passes, {entries} entries"},
    "audit_fails": {"id": "tidak lulus, {entries} entri", "en": "fails, {entries} entries"},
    "broken": {"id": "{name}: {count} pelanggaran", "en": "{name}: {count} broken"},
    "invariants_hold": {"id": "{count} invarian berlaku", "en": "{count} invariants hold"},
    "did_not_fire": {"id": "{fault}: tidak terjadi {note}", "en": "{fault}: did not fire {note}"},
    "did_not_come_back": {"id": "{fault}: tidak kembali", "en": "{fault}: it did not come back"},
    "nobody_after": {
        "id": "{fault}: tak seorang pun yang datang sesudahnya selesai",
        "en": "{fault}: nobody who came after it was finished",
    },
    "had_paid": {
        "id": "{count} orang sudah membayar tanpa berkas bermeterai",
        "en": "{count} had paid and got no stamped file",
    },
    "came_twice": {"id": "{count} berkas datang dua kali", "en": "{count} files came twice"},
    "nobody_finished": {"id": "tak seorang pun selesai", "en": "nobody was finished"},
    "gateway_down": {"id": "gerbang pembayaran diam", "en": "payment gateway silent"},
    "jail_killed": {"id": "ruang kurung PDF dimatikan", "en": "PDF jail killed"},
    "signer_killed": {"id": "penanda tangan dimatikan", "en": "signer killed"},
    "worker_killed": {"id": "pekerja dimatikan", "en": "worker killed"},
    "gate_killed": {"id": "gerbang antrean dimatikan", "en": "queue gate killed"},
    "database_restarted": {"id": "PostgreSQL dimulai ulang", "en": "PostgreSQL restarted"},
}


class Both(msgspec.Struct, frozen=True):
    """Words in both languages."""

    id: str
    en: str

    def in_(self, language: Language) -> str:
        """In one of them."""
        return self.id if language == "id" else self.en


def both(key: str, **facts: object) -> Both:
    """The words for `key`; a fact in both languages is told in each."""

    def told(language: Language) -> str:
        return say(key, language, **{name: _told(fact, language) for name, fact in facts.items()}).strip()

    return Both(told("id"), told("en"))


def _told(fact: object, language: Language) -> str:
    if isinstance(fact, Both):
        return fact.in_(language)
    return number(fact, language) if isinstance(fact, int) else str(fact)


def joined(several: Iterable[Both]) -> Both:
    """One after the other."""
    found = list(several)
    return Both("; ".join(one.id for one in found), "; ".join(one.en for one in found))


def say(key: str, language: Language, **facts: str) -> str:
    """The words for `key`."""
    return WORDS[key][language].format(**facts)
