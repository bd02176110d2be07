"""The answer about hosts, as values that print as JSON."""

from __future__ import annotations

from typing import Literal

import msgspec

from simulator.planner.hosts.figures import MEASURED, Figures

type Name = Literal["front", "site", "worker", "line", "postgresql", "store"]
type Limit = Literal["cpu", "network", "majority", "copies"]
"""What the number of hosts follows from."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """The hosts of one kind. Rates are journeys a second with the season's stamps."""

    name: Name
    count: int
    alive_min: int
    """With fewer of them nothing goes on."""
    shares_work: bool
    """Each bears a part. Else one of them bears all, and the others are there to take its place."""
    cores: float
    """Of each; so are the next two."""
    memory_gb: float
    disk_gb: float
    limit: Limit
    bears: float
    """With all of its hosts. Infinite, null in JSON: not reckoned, it bears more than the others."""
    use: float
    """Of what is counted on, at the rate that the season needs."""
    month_rp: int
    season_rp: int

    def bears_with(self, alive: int) -> float:
        """The rate with so many of its hosts."""
        if alive < self.alive_min:
            return 0.0
        return self.bears * alive / self.count if self.shares_work else self.bears


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Rupiah, for hosts with their disks, and for what leaves the fronts."""

    hosts_month_rp: int
    hosts_season_rp: int
    traffic_season_rp: int
    season_rp: int
    """Both, from the opening to the closing."""
    per_applicant_rp: float


class Hosts(msgspec.Struct, frozen=True, kw_only=True):
    """Which hosts, what they bear, and what they cost."""

    needed_per_second: float
    """Journeys that the season needs when a tenth more people come."""
    bears_per_second: float
    """What these hosts bear together."""
    bears_without_one: float
    """The same without any one of them: of the kind that is missed most."""
    kinds: tuple[Kind, ...]
    cost: Cost
    figures: Figures
    measured: tuple[str, ...] = tuple(sorted(MEASURED))
    """Names of the figures that were measured. The others are assumptions."""


class LostHour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of the last day."""

    begins_s: float
    """Since the opening; so is the next one."""
    lost_at_s: float
    lost: Name
    bears: float
    """Journeys a second in the worst minute."""
    joined: int
    in_line: int
    """At its end."""
    longest_line: int


class Losses(msgspec.Struct, frozen=True, kw_only=True):
    """The last day with a host lost in each hour, in the worst of the courses that were tried."""

    courses: int
    left_behind: int
    """People in line at closing."""
    left_behind_without_losses: int
    left_behind_when_a_tenth_more_come: int
    longest_line: int
    hours: list[LostHour]
