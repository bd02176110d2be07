"""Sums, moments, sizes and file names as people read them, Indonesian and English. Times carry their zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from meterai.kernel.clock import ZONES

_MONTHS = {
    "id": (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_DAYS = {
    "id": ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
JAKARTA = "Asia/Jakarta"
NAME_CHARACTERS_MAX = 255
"""Of a file's name: no file system takes a longer one."""


def date_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """`5 September 2026`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {_MONTHS[language][local.month - 1]} {local.year}"


def short_date_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """`5 Sep 2026`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {_MONTHS[language][local.month - 1][:3]} {local.year}"


def clock_text(moment: datetime, language: str, zone: str = JAKARTA, *, seconds: bool = False) -> str:
    """`14.05 WIB`, in English `14:05 WIB`."""
    local = moment.astimezone(ZoneInfo(zone))
    numbers = (local.hour, local.minute, local.second) if seconds else (local.hour, local.minute)
    separator = "." if language == "id" else ":"
    return f"{separator.join(f'{number:02}' for number in numbers)} {ZONES.get(zone) or local.tzname()}"


def second_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """`5 September 2026 pukul 22.41.07 WIB`, in English `5 September 2026 at 22:41:07 WIB`."""
    return moment_text(moment, language, zone, seconds=True)


def moment_text(moment: datetime, language: str, zone: str = JAKARTA, *, seconds: bool = False) -> str:
    """`5 September 2026 pukul 14.05 WIB`, in English `5 September 2026 at 14:05 WIB`."""
    word = "pukul" if language == "id" else "at"
    return f"{date_text(moment, language, zone)} {word} {clock_text(moment, language, zone, seconds=seconds)}"


def moment_in_name(moment: datetime) -> str:
    """`20260905-1405-WIB`, for names of files."""
    return f"{moment.astimezone(ZoneInfo(JAKARTA)):%Y%m%d-%H%M}-{ZONES[JAKARTA]}"


def long_moment_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """Like `moment_text`, with the day of the week before it."""
    day = _DAYS[language][moment.astimezone(ZoneInfo(zone)).weekday()]
    return f"{day}, {moment_text(moment, language, zone)}"


def wait_text(seconds: int, language: str) -> str:
    """`40 detik`, from a minute on `15 menit` (English `40 seconds`, `15 minutes`); never too short."""
    is_short = seconds < 60
    number = seconds if is_short else -(-seconds // 60)
    if language == "id":
        return f"{number} {'detik' if is_short else 'menit'}"
    return f"{number} {'second' if is_short else 'minute'}{'' if number == 1 else 's'}"


def size_text(size_bytes: int, language: str) -> str:
    """`812 KB`, `1,4 MB` (English `1.4 MB`), `10 MB`; of 1,024 bytes, as agencies and file managers count."""
    if size_bytes < 1024 * 1000:
        return f"{max(1, round(size_bytes / 1024))} KB"
    if size_bytes % 1024**2 == 0:
        return f"{size_bytes >> 20} MB"
    text = f"{size_bytes / 1024**2:.1f}"
    return f"{text.replace('.', ',') if language == 'id' else text} MB"


def own_name(path: str) -> str:
    """A file's own name, without its folders; what no file system would take lacks its middle."""
    name = path.replace("\\", "/").rpartition("/")[2]
    if len(name) <= NAME_CHARACTERS_MAX:
        return name
    end = name[-40:]
    return f"{name[: NAME_CHARACTERS_MAX - 1 - len(end)]}…{end}"


def number_text(number: int, language: str) -> str:
    """`1.234.567`, in English `1,234,567`."""
    text = f"{number:,}"
    return text.replace(",", ".") if language == "id" else text
