"""The history of 90 days: one small file a day, with the seconds that each component was up, slow or down.

What is not in a file is unknown: this process did not run, or could not see. Unknown time never counts as up.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import structlog

from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kit.files.atomic_write import write_whole
from meterai.texts.status_page import Component, Health

log = structlog.get_logger(__name__)
DAYS: Final = 90
_DAY: Final = timedelta(days=1)
_NAMES: Final = "20??-??-??.json"


class Seconds(msgspec.Struct, kw_only=True):
    """Of a component on a day."""

    up: float = 0
    degraded: float = 0
    down: float = 0

    @property
    def known(self) -> float:
        """The seconds of which something is known."""
        return self.up + self.degraded + self.down

    def add(self, health: Health, seconds: float) -> None:
        """Adds seconds in which the component was in this health. Unknown ones are not noted."""
        if health is not Health.UNKNOWN:
            setattr(self, health.value, round(getattr(self, health.value) + seconds, 1))


class Day(msgspec.Struct, kw_only=True):
    """A day in Jakarta, as its file holds it."""

    date: date
    components: dict[Component, Seconds]

    def health_of(self, component: Component) -> Health:
        """The health by which the day is shown: down from one minute on, or slow from ten minutes on."""
        seconds = self.components.get(component, Seconds())
        if seconds.down >= 60:
            return Health.DOWN
        if seconds.degraded >= 600:
            return Health.DEGRADED
        return Health.UP if seconds.known else Health.UNKNOWN


class History:
    """The days in a folder. Faulty files are logged and count as unknown."""

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._days = {day.date: day for day in _read_all(folder)}
        self._forget(business_date(now))

    def add(self, healths: Mapping[Component, Health], *, since: datetime, until: datetime) -> None:
        """Notes how the components were in a time, and writes the files of its days. Raises: OSError."""
        while since < until:
            day = business_date(since)
            end = min(until, start_of_business_date(day + _DAY))
            found = self._days.setdefault(day, Day(date=day, components={}))
            for component, health in healths.items():
                seconds = found.components.setdefault(component, Seconds())
                seconds.add(health, (end - since).total_seconds())
            write_whole(self._folder / f"{day}.json", msgspec.json.encode(found) + b"\n", durable=False)
            since = end
        self._forget(business_date(until))

    def days(self, today: date) -> list[Day]:
        """The last 90 days up to today, the earliest first. Days without a file are empty."""
        dates = [today - _DAY * back for back in reversed(range(DAYS))]
        return [self._days.get(day) or Day(date=day, components={}) for day in dates]

    def total(self, component: Component, today: date) -> Seconds:
        """The seconds of a component in the last 90 days."""
        found = [day.components.get(component, Seconds()) for day in self.days(today)]
        return Seconds(
            up=sum(one.up for one in found),
            degraded=sum(one.degraded for one in found),
            down=sum(one.down for one in found),
        )

    def _forget(self, today: date) -> None:
        for day in [day for day in self._days if day <= today - _DAY * DAYS]:
            del self._days[day]
            with suppress(OSError):
                (self._folder / f"{day}.json").unlink()


def _read_all(folder: Path) -> list[Day]:
    found = []
    for path in sorted(folder.glob(_NAMES)):
        try:
            day = msgspec.json.decode(path.read_bytes(), type=Day)
            if path.stem != str(day.date):
                raise ValueError(f"it is of {day.date}")
            found.append(day)
        except (OSError, ValueError) as error:
            log.warning("status_day_unreadable", path=str(path), reason=str(error))
    return found
