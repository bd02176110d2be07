"""What the tables of hosts say, in Indonesian and English, with numbers as each language writes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

type Language = Literal["id", "en"]

WORDS: Final[dict[str, dict[str, str]]] = {
    "title": {
        "id": "Host untuk musim ini: satu host mana pun boleh hilang",
        "en": "Hosts for the season: any one of them may be lost",
    },
    "title_short": {
        "id": "Host untuk musim ini: TIDAK CUKUP bila satu host hilang",
        "en": "Hosts for the season: NOT ENOUGH when one of them is lost",
    },
    "host": {"id": "host", "en": "host"},
    "count": {"id": "jumlah", "en": "number"},
    "each": {"id": "masing-masing", "en": "each"},
    "bears": {"id": "sanggup per detik", "en": "bears a second"},
    "without_one": {"id": "tanpa satu", "en": "without one"},
    "because": {"id": "ditentukan oleh", "en": "decided by"},
    "month": {"id": "per bulan", "en": "a month"},
    "season": {"id": "semusim", "en": "the season"},
    "size": {
        "id": "{cores} inti, {memory} GB, disk {disk} GB",
        "en": "{cores} cores, {memory} GB, disk {disk} GB",
    },
    "front": {"id": "front: nginx dan gerbang antrean", "en": "front: nginx and gate"},
    "site": {"id": "situs", "en": "site"},
    "worker": {"id": "pekerja dan penanda tangan", "en": "worker and signer"},
    "line": {
        "id": "antrean: NATS, pengendali, konsol, tutup buku",
        "en": "line: NATS, controller, console, closer",
    },
    "postgresql": {
        "id": "PostgreSQL: satu menulis, sisanya siaga sinkron",
        "en": "PostgreSQL: one writes, the others stand by, synchronous",
    },
    "store": {"id": "S3: berkas", "en": "S3: documents"},
    "cpu": {"id": "CPU", "en": "CPU"},
    "network": {"id": "jaringan", "en": "network"},
    "majority": {"id": "mayoritas", "en": "a majority"},
    "copies": {"id": "salinan", "en": "copies"},
    "together": {"id": "semua host", "en": "all hosts"},
    "needed": {
        "id": "Dibutuhkan {needed} perjalanan per detik bila sepersepuluh lebih banyak "
        "orang datang. Semua host sanggup {bears}, tanpa satu host {without}.",
        "en": "The season needs {needed} journeys a second when a tenth more people come. "
        "The hosts bear {bears}, without one of them {without}.",
    },
    "cost": {
        "id": "Biaya semusim {season}: host {hosts}, lalu lintas keluar {traffic}. Per pelamar Rp{each}.",
        "en": "The season costs {season}: hosts {hosts}, traffic out {traffic}. Rp{each} an applicant.",
    },
    "measured": {
        "id": "Diukur (docs/benchmarks.md): {names}",
        "en": "Measured (docs/benchmarks.md): {names}",
    },
    "assumed": {
        "id": "Asumsi, ubah dengan --assume: {names}",
        "en": "Assumptions, change them by --assume: {names}",
    },
    "losses": {
        "id": "Hari terakhir, satu host hilang tiap jam",
        "en": "The last day, with a host lost in each hour",
    },
    "hour": {"id": "jam", "en": "hour"},
    "lost": {"id": "hilang", "en": "lost"},
    "worst": {"id": "sanggup di menit terburuk", "en": "bears in the worst minute"},
    "joined": {"id": "datang", "en": "joined"},
    "longest": {"id": "antrean terpanjang", "en": "longest line"},
    "in_line": {"id": "antrean di akhir", "en": "line at its end"},
    "nobody": {
        "id": "Tidak seorang pun tertinggal saat penutupan, di {courses} jalannya hari yang dicoba.",
        "en": "Nobody is left in line at closing, in the {courses} courses that were tried.",
    },
    "left": {
        "id": "{left} orang TERTINGGAL saat penutupan di jalannya hari yang terburuk "
        "dari {courses}; tanpa host yang hilang {without}.",
        "en": "{left} people ARE LEFT in line at closing in the worst of {courses} courses; "
        "{without} when no host is lost.",
    },
    "more": {
        "id": "Bila sepersepuluh lebih banyak orang datang: {more}.",
        "en": "When a tenth more people come: {more}.",
    },
    "lasts": {
        "id": "Host yang hilang kembali setelah {minutes} menit; "
        "PostgreSQL siaga menulis setelah {seconds} detik.",
        "en": "A lost host is back after {minutes} minutes; "
        "a standby of PostgreSQL writes after {seconds} s.",
    },
    "day": {"id": "hari ke-{day}, {time}", "en": "day {day}, {time}"},
    "billion": {"id": "miliar", "en": "billion"},
    "million": {"id": "juta", "en": "million"},
}


def say(key: str, language: Language, **facts: str) -> str:
    """The sentence or label `key`."""
    return WORDS[key][language].format(**facts)


def number(value: float | None, language: Language, digits: int = 0) -> str:
    """With thousands' points (Indonesian) or commas (English), without zeros at its end. None: a dash."""
    if value is None:
        return "-"
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.translate(str.maketrans(",.", ".,")) if language == "id" else text


def rupiah(amount: float, language: Language) -> str:
    """In millions, above them in billions."""
    size, unit = (1e9, "billion") if amount >= 1e9 else (1e6, "million")
    return f"Rp{number(amount / size, language, 1)} {WORDS[unit][language]}"


def moment(seconds: float, opens: str | None, language: Language) -> str:
    """A date and a time, or a day of the season and a time."""
    if opens:
        at = datetime.fromisoformat(opens) + timedelta(seconds=seconds)
        return f"{at:%d.%m. %H.%M}" if language == "id" else f"{at:%-d %b %H:%M}"
    day, minutes = int(seconds // 86_400) + 1, int(seconds % 86_400 // 60)
    mark = "." if language == "id" else ":"
    return say("day", language, day=str(day), time=f"{minutes // 60:02}{mark}{minutes % 60:02}")
