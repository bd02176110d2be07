"""Dates, times, sizes, numbers and file names as people read them, in any language that Babel knows.

Times carry their zone. Date and time together: `texts/mechanism/moments.py`, for a sentence joins them.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.units import format_unit

from meterai.kernel.clock import ZONES

JAKARTA = "Asia/Jakarta"
NAME_CHARACTERS_MAX = 255
"""Of a file's name: no file system takes a longer one."""


def date_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """`5 September 2026`."""
    return day_text(moment.astimezone(ZoneInfo(zone)), language)


def day_text(day: date, language: str) -> str:
    """`5 September 2026`."""
    return f"{day.day} {_names('months', language)[day.month - 1]} {day.year}"


def month_text(month: date, language: str) -> str:
    """`September 2026`, of a day in it."""
    return f"{_names('months', language)[month.month - 1]} {month.year}"


def short_date_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """`5 Sep 2026`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {_names('months', language)[local.month - 1][:3]} {local.year}"


def clock_text(moment: datetime, language: str, zone: str = JAKARTA, *, seconds: bool = False) -> str:
    """`14.05 WIB`, in English `14:05 WIB`."""
    local = moment.astimezone(ZoneInfo(zone))
    numbers = (local.hour, local.minute, local.second) if seconds else (local.hour, local.minute)
    separator = _symbol("timeSeparator", language)
    return f"{separator.join(f'{number:02}' for number in numbers)} {ZONES.get(zone) or local.tzname()}"


def moment_in_name(moment: datetime) -> str:
    """`20260905-1405-WIB`, for names of files."""
    return f"{moment.astimezone(ZoneInfo(JAKARTA)):%Y%m%d-%H%M}-{ZONES[JAKARTA]}"


def weekday_text(moment: datetime, language: str, zone: str = JAKARTA) -> str:
    """`Sabtu`, in English `Saturday`."""
    return _names("days", language)[moment.astimezone(ZoneInfo(zone)).weekday()]


def wait_text(seconds: int, language: str) -> str:
    """`40 detik`, from a minute on `15 menit`, from ten hours on `24 jam`, from five days on `6 hari`.

    In English `40 seconds`. Never too short.
    """
    if seconds < 60:
        number, unit = seconds, "second"
    elif seconds < 10 * 3600:
        number, unit = -(-seconds // 60), "minute"
    elif seconds < 5 * 86_400:
        number, unit = -(-seconds // 3600), "hour"
    else:
        number, unit = -(-seconds // 86_400), "day"
    return format_unit(number, f"duration-{unit}", "long", locale=language)


def size_text(size_bytes: int, language: str) -> str:
    """`812 KB`, `1,4 MB` (English `1.4 MB`), `10 MB`, from ten of them on `12,0 GB`.

    Of 1,024 bytes, as agencies and file managers count.
    """
    if size_bytes < 1024 * 1000:
        return f"{max(1, round(size_bytes / 1024))} KB"
    large = size_bytes >= 10 * 1024**3
    if size_bytes % 1024**2 == 0 and not large:
        return f"{size_bytes >> 20} MB"
    text = f"{size_bytes / 1024 ** (3 if large else 2):.1f}"
    return f"{text.replace('.', _symbol('decimal', language))} {'GB' if large else 'MB'}"


def own_name(path: str) -> str:
    """A file's own name, without its folders; what no file system would take lacks its middle."""
    name = path.replace("\\", "/").rpartition("/")[2]
    if len(name) <= NAME_CHARACTERS_MAX:
        return name
    end = name[-40:]
    return f"{name[: NAME_CHARACTERS_MAX - 1 - len(end)]}…{end}"


def number_text(number: int, language: str) -> str:
    """`1.234.567`, in English `1,234,567`."""
    return f"{number:,}".replace(",", _symbol("group", language))


def percent_text(basis_points: int, language: str) -> str:
    """`11`, `11,5` (English `11.5`), of hundredths of a percent."""
    return f"{basis_points / 100:g}".replace(".", _symbol("decimal", language))


@cache
def _names(kind: str, language: str) -> tuple[str, ...]:
    """The names of the months, or of the days from Monday on."""
    names = getattr(Locale.parse(language), kind)["format"]["wide"]
    return tuple(names[number] for number in sorted(names))


@cache
def _symbol(name: str, language: str) -> str:
    """A sign between digits, as CLDR has it for Latin digits."""
    return str(Locale.parse(language).number_symbols["latn"][name])
