"""What the tables of hosts say, in Indonesian and English, with numbers as each language writes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from meterai.texts.mechanism.catalogues import look_up
from meterai.texts.mechanism.marks import N_

type Language = Literal["id", "en"]

WORDS: Final = {
    "title": N_("Host untuk musim ini: satu host mana pun boleh hilang"),
    "title_short": N_("Host untuk musim ini: TIDAK CUKUP bila satu host hilang"),
    "host": N_("host"),
    "count": N_("jumlah"),
    "each": N_("masing-masing"),
    "bears": N_("sanggup per detik"),
    "without_one": N_("tanpa satu"),
    "because": N_("ditentukan oleh"),
    "month": N_("per bulan"),
    "season": N_("semusim"),
    "size": N_("{cores} inti, {memory} GB, disk {disk} GB"),
    "front": N_("front: nginx dan gerbang antrean"),
    "site": N_("situs"),
    "worker": N_("pekerja dan penanda tangan"),
    "line": N_("antrean: NATS, pengendali, konsol, tutup buku"),
    "postgresql": N_("PostgreSQL: satu menulis, sisanya siaga sinkron"),
    "store": N_("S3: berkas"),
    "cpu": N_("CPU"),
    "network": N_("jaringan"),
    "majority": N_("mayoritas"),
    "copies": N_("salinan"),
    "together": N_("semua host"),
    "needed": N_(
        "Dibutuhkan {needed} perjalanan per detik bila sepersepuluh lebih banyak orang "
        "datang. Semua host sanggup {bears}, tanpa satu host {without}."
    ),
    "cost": N_("Biaya semusim {season}: host {hosts}, lalu lintas keluar {traffic}. Per pelamar Rp{each}."),
    "measured": N_("Diukur (docs/benchmarks.md): {names}"),
    "assumed": N_("Asumsi, ubah dengan --assume: {names}"),
    "losses": N_("Hari terakhir, satu host hilang tiap jam"),
    "hour": N_("jam"),
    "lost": N_("hilang"),
    "worst": N_("sanggup di menit terburuk"),
    "joined": N_("datang"),
    "longest": N_("antrean terpanjang"),
    "in_line": N_("antrean di akhir"),
    "nobody": N_("Tidak seorang pun tertinggal saat penutupan, di {courses} jalannya hari yang dicoba."),
    "left": N_(
        "{left} orang TERTINGGAL saat penutupan di jalannya hari yang terburuk dari "
        "{courses}; tanpa host yang hilang {without}."
    ),
    "more": N_("Bila sepersepuluh lebih banyak orang datang: {more}."),
    "lasts": N_(
        "Host yang hilang kembali setelah {minutes} menit; PostgreSQL siaga menulis setelah {seconds} detik."
    ),
    "day": N_("hari ke-{day}, {time}"),
    "billion": N_("miliar"),
    "million": N_("juta"),
}


def say(key: str, language: Language, **facts: str) -> str:
    """The sentence or label `key`."""
    return look_up(WORDS[key], language).format(**facts)


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
    return f"Rp{number(amount / size, language, 1)} {look_up(WORDS[unit], language)}"


def moment(seconds: float, opens: str | None, language: Language) -> str:
    """A date and a time, or a day of the season and a time."""
    if opens:
        at = datetime.fromisoformat(opens) + timedelta(seconds=seconds)
        return f"{at:%d.%m. %H.%M}" if language == "id" else f"{at:%-d %b %H:%M}"
    day, minutes = int(seconds // 86_400) + 1, int(seconds % 86_400 // 60)
    mark = "." if language == "id" else ":"
    return say("day", language, day=str(day), time=f"{minutes // 60:02}{mark}{minutes % 60:02}")
