"""A season that has happened: its published figures, from a TOML file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec

from simulator.planner.season import Outage

BUILT_IN: Final = Path(__file__).parent / "scenarios"


type Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A later closing time, and when people learned of it."""

    announced: Moment
    closes: Moment
    said: str = ""


class ReportedOutage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the real service failed, and what share of it was left."""

    begins: Moment
    ends: Moment
    share: float = 0.0
    guess: bool = False
    said: str = ""


class Published(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts at a moment, as reported."""

    at: Moment
    accounts: int | None = None
    submitted: int | None = None
    said: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that the real service stamped in a day."""

    stamps_a_day: int
    days: list[date]
    said: str = ""


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a season. All times carry their zone."""

    name: str
    opens: Moment
    closes: Moment
    applicants: int
    accounts: int
    stamps: int
    extension: Extension
    outages: list[ReportedOutage]
    published: list[Published]
    record: Record

    def seconds(self, moment: datetime) -> float:
        """Since the opening."""
        return (moment - self.opens).total_seconds()

    def known_outages(self) -> tuple[Outage, ...]:
        """As the model takes them."""
        return tuple(
            Outage(self.seconds(one.begins), self.seconds(one.ends), one.share) for one in self.outages
        )


def read_scenario(name: str) -> Scenario:
    """A path, or the name of one that is shipped, such as `september-2024`.

    Raises: ValueError with what is wrong.
    """
    shipped = BUILT_IN / f"{name}.toml"
    path = shipped if shipped.is_file() else Path(name)
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"scenario {name}: {error}") from None
    if not scenario.opens + timedelta(days=1) <= scenario.closes < scenario.extension.closes:
        raise ValueError(
            f"scenario {name}: opens, closes and extension.closes follow each other, the first two by a day"
        )
    return scenario
