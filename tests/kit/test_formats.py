"""Times carry their zone; sums and sizes read as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from meterai.gate.time_texts import moment_text as moment_of
from meterai.kit.formats.display import (
    clock_text,
    moment_in_name,
    number_text,
    size_text,
    wait_text,
)
from meterai.texts.mechanism.filling import fill
from meterai.texts.mechanism.moments import long_moment_text, moment_text, second_text

MOMENT = datetime(2026, 9, 5, 7, 5, tzinfo=UTC)


def test_a_moment_is_told_with_its_zone() -> None:
    assert moment_text(MOMENT, "id") == "5 September 2026 pukul 14.05 WIB"
    assert moment_text(MOMENT, "en") == "5 September 2026 at 14:05 WIB"
    assert clock_text(MOMENT, "id", "Asia/Makassar") == "15.05 WITA"
    assert long_moment_text(MOMENT, "id", "Asia/Jayapura") == "Sabtu, 5 September 2026 pukul 16.05 WIT"
    assert second_text(MOMENT, "id") == "5 September 2026 pukul 14.05.00 WIB"
    assert clock_text(MOMENT, "en", seconds=True) == "14:05:00 WIB"


def test_who_waits_reads_months_in_short() -> None:
    moments = [
        moment_of(MOMENT.replace(month=month).timestamp(), "id", "Asia/Jakarta") for month in (5, 8, 10)
    ]
    assert moments == ["5 Mei 2026, 14.05 WIB", "5 Agu 2026, 14.05 WIB", "5 Okt 2026, 14.05 WIB"]
    assert moment_of(MOMENT.timestamp(), "en", "Asia/Jakarta", seconds=True) == "5 Sep 2026, 14:05:00 WIB"


def test_the_day_is_the_zones_day() -> None:
    late = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
    assert moment_text(late, "id") == "1 Januari 2027 pukul 01.00 WIB"
    assert moment_in_name(late) == "20270101-0100-WIB"


def test_sizes_use_the_languages_separator() -> None:
    assert size_text(819_200, "id") == "800 KB"
    assert size_text(1_500_000, "id") == "1,4 MB"
    assert size_text(25_000_000_000, "id") == "23,3 GB"
    assert size_text(1_500_000, "en") == "1.4 MB"
    assert size_text(3, "id") == "1 KB"
    assert size_text(12 << 20, "id") == "12 MB"


def test_numbers_use_the_languages_separator() -> None:
    assert number_text(1_234_567, "id") == "1.234.567"
    assert number_text(12_500, "en") == "12,500"
    assert number_text(999, "id") == "999"


def test_a_wait_is_told_in_minutes_from_one_on() -> None:
    assert wait_text(59, "id") == "59 detik"
    assert wait_text(60, "en") == "1 minute"
    assert wait_text(870, "id") == "15 menit"
    assert wait_text(61, "en") == "2 minutes"
    assert fill("Wait {retry_after_s}.", {"retry_after_s": 1}, "en") == "Wait 1 second."
