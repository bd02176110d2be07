"""What the chart says, in Indonesian and English; numbers and moments as each language writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from simulator.planner.season import DAY

type Language = Literal["id", "en"]

_MONTHS: Final = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}

WORDS: Final[dict[str, dict[str, str]]] = {
    "title": {
        "id": "{people} pelamar, satu tenggat: apa yang sanggup dilayani",
        "en": "{people} applicants, one deadline: what the service bears",
    },
    "all": {
        "id": "Layanan sanggup menyelesaikan {rate} orang per detik. Semua selesai sebelum penutupan.",
        "en": "The service finishes {rate} people a second. Everybody is done before closing.",
    },
    "some": {
        "id": "Layanan sanggup menyelesaikan {rate} orang per detik. {left} orang masih mengantre saat "
        "penutupan.",
        "en": "The service finishes {rate} people a second. {left} people are still in line at closing.",
    },
    "line_counts": {
        "id": "Layanan sanggup menyelesaikan {rate} orang per detik. {left} orang yang masih mengantre saat "
        "penutupan tetap dilayani.",
        "en": "The service finishes {rate} people a second. The {left} people in line at closing are still "
        "served.",
    },
    "last_call": {
        "id": "Layanan sanggup menyelesaikan {rate} orang per detik. {left} orang masih mengantre saat "
        "penutupan, {away} orang datang setelah panggilan terakhir.",
        "en": "The service finishes {rate} people a second. {left} people are still in line at closing, "
        "{away} came after the last call.",
    },
    "needed": {
        "id": "orang per detik agar tak seorang pun masih mengantre saat penutupan",
        "en": "people a second so that nobody is in line at closing",
    },
    "longest": {
        "id": "orang dalam antrean terpanjang",
        "en": "people in the longest line",
    },
    "left": {
        "id": "orang masih mengantre saat penutupan",
        "en": "people in line at closing",
    },
    "safe": {
        "id": "bergabung sebelum saat ini: selesai dengan peluang 95 %",
        "en": "join before this moment: done with 95 % certainty",
    },
    "nobody": {"id": "tidak ada", "en": "never"},
    "by_day": {"id": "Pelamar per hari, ribu", "en": "Applicants a day, thousands"},
    "day": {"id": "hari ke-", "en": "day "},
    "last_day": {"id": "{share} % pada hari terakhir", "en": "{share} % on the last day"},
    "rates": {
        "id": "Orang per detik, 36 jam terakhir",
        "en": "People a second, last 36 hours",
    },
    "arriving": {"id": "datang", "en": "arriving"},
    "came": {"id": "datang", "en": "came"},
    "served": {"id": "dilayani", "en": "served"},
    "line": {"id": "Orang dalam antrean", "en": "People in line"},
    "closing": {"id": "penutupan {at}", "en": "closing {at}"},
    "fit": {
        "id": "Kumulatif, juta: model dan angka resmi",
        "en": "Cumulative, millions: model and published",
    },
    "accounts": {"id": "akun", "en": "accounts"},
    "submitted": {"id": "lamaran masuk", "en": "submitted"},
    "had_it_been": {
        "id": "{name}, seandainya dilayani di sini",
        "en": "{name}, had it been served here",
    },
    "kept": {
        "id": "Tenggat pertama dipertahankan, tanpa gangguan.",
        "en": "The first deadline kept, no outage.",
    },
    "measured": {"id": "90 % dari hasil uji {name}", "en": "90 % of what {name} measured"},
    "at_least": {
        "id": "90 % dari hasil uji {name}, yang tidak menawarkan lebih banyak",
        "en": "90 % of what {name} measured, which offered no more",
    },
    "given": {"id": "90 % dari angka yang diberikan", "en": "90 % of the figure given"},
    "hosts": {"id": "dihitung dari host", "en": "reckoned from hosts"},
    "goal": {"id": "90 % dari target, belum diukur", "en": "90 % of a goal, not measured"},
    "foot": {
        "id": "Model, bukan ramalan. Kapasitas: {source}; {stamps} meterai per pelamar; laju kedatangan "
        "1/(sisa waktu + {tau} jam); benih {seed}.",
        "en": "A model, not a forecast. Capacity: {source}; {stamps} stamps per applicant; people come at "
        "1/(time left + {tau} h); seed {seed}.",
    },
    "dots": {
        "id": "Titik: angka BKN seperti dimuat pers.",
        "en": "Dots: figures of BKN as the press reported them.",
    },
}


def say(key: str, language: Language, **facts: str) -> str:
    """The sentence or label `key`."""
    return WORDS[key][language].format(**facts)


def number(value: float, language: Language, digits: int = 0) -> str:
    """With thousands' points (Indonesian) or commas (English)."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "id" else text


def rate(value: float, language: Language) -> str:
    """With one digit behind the point; a small one with two that say something."""
    return number(value, language, 1 if value >= 1 or value <= 0 else 1 - math.floor(math.log10(value)))


def tick_labels(ticks: Sequence[float], language: Language) -> list[str]:
    """The marks of an axis, with as many digits as tell one from the next."""
    step = ticks[1] - ticks[0]
    digits = next(count for count in range(12) if abs(round(step, count) - step) < step / 1000)
    return [number(tick, language, digits) for tick in ticks]


def people(value: float, language: Language) -> str:
    """A round count in words: 1,2 juta, 245 ribu, 87."""
    million, thousand = ("juta", "ribu") if language == "id" else ("million", "thousand")
    if value >= 999_500:
        digits = 0 if value >= 10e6 or abs(value / 1e6 - round(value / 1e6)) < 0.005 else 2
        return f"{number(value / 1e6, language, digits)} {million}"
    if value >= 10_000:
        return f"{number(value / 1e3, language)} {thousand}"
    return number(value, language)


def moment(seconds: float, opens: datetime | None, language: Language) -> str:
    """A day and a time: of the calendar when the opening is known, else counted from the first day."""
    if opens is not None:
        at = opens + timedelta(seconds=seconds)
        since_midnight = (at.hour * 60 + at.minute) * 60.0
        return f"{at.day} {_MONTHS[language][at.month - 1]} {clock(since_midnight, language)}"
    return f"{WORDS['day'][language]}{int(seconds // DAY) + 1}, {clock(seconds, language)}"


def clock(seconds: float, language: Language) -> str:
    """The time of day at a number of seconds after midnight, 21.40 or 21:40."""
    minutes = int(seconds % DAY // 60)
    mark = "." if language == "id" else ":"
    return f"{minutes // 60:02}{mark}{minutes % 60:02}"


def day_label(day: int, opens: datetime | None, language: Language) -> str:
    """Of the day that begins `day` days after the first: its date, or its number."""
    if opens is not None:
        at = opens + timedelta(days=day)
        return f"{at.day} {_MONTHS[language][at.month - 1]}"
    return str(day + 1)
