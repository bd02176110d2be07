"""What a plan is asked about: the season, the people's behaviour, the policy at its end, the service.

Times are seconds from the opening. Each number of `Behaviour` and `Sizes` is a guess unless its line names a
source; `docs/planning.md` repeats the list.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

HOUR: Final = 3600.0
DAY: Final = 86400.0


class Ending(StrEnum):
    """What happens to the line at closing time."""

    CLOSING = "closing"  # who isn't called by then has not applied
    LAST_CALL = "last-call"  # joining ends some hours before; who is in line then is served until closing
    LINE_COUNTS = "line-counts"  # being in line at closing counts; they are served afterwards


class Policy(msgspec.Struct, frozen=True):
    """The rule at the end of a season."""

    ending: Ending = Ending.CLOSING
    last_call_hours: float = 0.0
    """Before closing; only for `LAST_CALL`."""

    def joins_until(self, closes_s: float) -> float:
        """When joining ends, of a season that closes then."""
        return closes_s - self.last_call_hours * HOUR if self.ending is Ending.LAST_CALL else closes_s


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """The people who apply, and their deadline."""

    applicants: int = 4_000_000
    days: float = 22.0
    """From the opening to the closing."""
    opens_at_hour: float = 0.0
    """Hour of the day, local time, at which the season opens."""
    stamps: int = 2
    """Per applicant: letter and statement (BKN 2024)."""
    tau_hours: float = 6.0
    """Arrivals follow 1/(time left + tau): 6 is the design, 1 the stress."""

    @property
    def seconds(self) -> float:
        """Length of the season."""
        return self.days * DAY


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What people do."""

    day_curve: tuple[float, ...] = (
        *(0.45, 0.25, 0.15, 0.12, 0.18, 0.40, 0.65, 0.95, 1.30, 1.50, 1.55, 1.45),
        *(1.25, 1.35, 1.45, 1.40, 1.30, 1.15, 1.10, 1.30, 1.50, 1.45, 1.15, 0.75),
    )
    """How many come in each hour of the day, as a share of the mean. It fades out over the last day: near
    the deadline nobody looks at the clock for anything else."""
    absent: float = 0.05
    """Share of those called at once who are not there."""
    patience_hours: float = 24.0
    """Mean of how long somebody stays with the line once joined; who has left is absent when called."""
    comes_back: float = 0.8
    """Share of the absent who come later, through the returners' lane."""
    back_hours: float = 2.0
    """How much later, on average."""
    tries_again: float = 0.06
    """Share of journeys that are walked twice: a wrong file, an expired payment."""
    panic_share: float = 0.15
    """Of those still to come, how many hurry after an outage of `panic_full_hours` or more."""
    panic_from_hours: float = 1.0
    """A shorter outage makes people reload, not hurry."""
    panic_full_hours: float = 6.0
    panic_hours: float = 12.0
    """How soon they come, on average."""
    panic_reloads: float = 10.0
    """Requests during an outage, as a multiple; it ebbs away within `reload_hours` afterwards."""
    reload_hours: float = 0.5
    unaware_of_last_call: float = 0.05
    """Share of the people who act by the closing time although a last call is announced."""

    @property
    def journeys_each(self) -> float:
        """Journeys that a person walks on average."""
        return 1 + self.tries_again


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What the site bears, and how it fails."""

    journeys_per_second: float
    """Finished, each with the season's stamps, sustained."""
    returners_share: float = 0.15
    """Of the admissions, while others wait (design: 10-20 %)."""
    done_after_s: float = 180.0
    """From the call to the stamped document: claim, upload, pay, stamp."""
    outages_per_day: float = 0.25
    outage_minutes: float = 25.0
    """Mean length. Both are the prior from which the futures are drawn."""
    demand_spread: float = 0.10
    """How wrong the number of applicants may be: a standard deviation, as a share."""


class Outage(msgspec.Struct, frozen=True):
    """The site bears only `share` of its rate between two moments."""

    begins_s: float
    ends_s: float
    share: float = 0.0
