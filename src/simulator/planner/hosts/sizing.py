"""How many hosts of each kind a season needs so that any one may be lost, and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from simulator.planner.hosts.figures import Figures
from simulator.planner.hosts.model import Cost, Hosts, Kind, Limit, Name
from simulator.planner.season import DAY, HOUR, Season
from simulator.planner.traffic import Traffic

MONTH_HOURS: Final = 730.0
_POSTGRES_CORES_MIN: Final = 4
_MAJORITY_OF: Final = 3
"""Hosts: the fewest of which a majority is left when one is lost."""


def size_hosts(rate: float, season: Season, traffic: Traffic, figures: Figures) -> Hosts:
    """So many hosts that `rate` journeys a second are borne when any one of them is lost. `traffic`: that of
    the season when this rate is let in."""
    asked = _Asked(rate, season, traffic, figures)
    kinds = (
        asked.front(),
        asked.sharing("site", figures.site_cores, 1 - figures.postgres_part - figures.worker_part),
        asked.sharing("worker", figures.worker_cores, figures.worker_part),
        asked.line(),
        asked.database(),
        asked.store(),
    )
    return Hosts(
        needed_per_second=rate,
        bears_per_second=min(kind.bears for kind in kinds),
        bears_without_one=min(kind.bears_with(kind.count - 1) for kind in kinds),
        kinds=kinds,
        cost=asked.cost(kinds),
        figures=figures,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is reckoned from."""

    rate: float
    season: Season
    traffic: Traffic
    figures: Figures

    @property
    def order_s(self) -> float:
        """CPU seconds of an order with the season's stamps."""
        figures = self.figures
        return figures.order_ms / 1e3 * (1 + figures.further_stamp_part * (self.season.stamps - 1))

    def front(self) -> Kind:
        """The server in front and the gate: requests of the site, joins, wait pages and looks at the line."""
        figures, traffic = self.figures, self.traffic
        polls = max(traffic.polls_per_second, traffic.panic_polls_per_second)
        line_us = (
            traffic.joins_per_second * (figures.join_us + figures.wait_page_us) + polls * figures.poll_us
        )
        requests = traffic.site_requests_per_second + 2 * traffic.joins_per_second + polls
        cores = (line_us + requests * figures.front_request_us) / 1e6 / self.rate
        mbit = max(traffic.out_mbit, traffic.in_mbit) / self.rate
        by_cpu, by_network = figures.front_cores / cores, figures.front_mbit / mbit
        return self._sharing(
            "front",
            figures.front_cores,
            each=min(by_cpu, by_network) * figures.usable,
            limit="cpu" if by_cpu <= by_network else "network",
            given=figures.fronts,
        )

    def sharing(self, name: Name, cores: float, part: float) -> Kind:
        """Hosts that each do a part of the orders. `part`: of an order's CPU."""
        given = self.figures.sites if name == "site" else self.figures.workers
        each = cores * self.figures.usable / (self.order_s * part)
        return self._sharing(name, cores, each=each, limit="cpu", given=given)

    def _sharing(self, name: Name, cores: float, *, each: float, limit: Limit, given: int) -> Kind:
        count = given or math.ceil(self.rate / each - 1e-9) + 1
        return self._kind(name, count, cores, limit=limit, bears=each * count, shares_work=True)

    def line(self) -> Kind:
        """Controllers and NATS, of which a majority must live; console and day close beside them."""
        count = self.figures.lines or _MAJORITY_OF
        return self._kind("line", count, self.figures.line_cores, limit="majority", alive_min=count // 2 + 1)

    def database(self) -> Kind:
        """A server that writes and its standbys: it grows by processors, not by servers."""
        figures = self.figures
        each = self.order_s * figures.postgres_part / figures.usable
        enough = max(_POSTGRES_CORES_MIN, 2 * math.ceil(self.rate * each / 2 - 1e-9))
        cores = figures.postgres_cores or float(enough)
        return self._kind(
            "postgresql",
            figures.postgres or _MAJORITY_OF,
            cores,
            limit="cpu",
            bears=cores / each,
            memory_gb=cores * figures.postgres_memory_gb,
            disk_gb=self.season.applicants * figures.database_kb / 1e6,
        )

    def store(self) -> Kind:
        """S3: enough hosts for all copies of a document when one is lost."""
        figures = self.figures
        count = figures.stores or max(_MAJORITY_OF, figures.file_copies + 1)
        return self._kind(
            "store",
            count,
            figures.store_cores,
            limit="copies",
            alive_min=figures.file_copies,
            disk_gb=self.traffic.files_tb * 1e3 * figures.file_copies / count,
        )

    def _kind(
        self,
        name: Name,
        count: int,
        cores: float,
        *,
        limit: Limit,
        bears: float = math.inf,
        alive_min: int = 1,
        shares_work: bool = False,
        memory_gb: float = 0.0,
        disk_gb: float = 0.0,
    ) -> Kind:
        figures = self.figures
        memory, disk = memory_gb or cores * figures.memory_gb, disk_gb + figures.host_disk_gb
        hour = cores * figures.core_hour_rp + memory * figures.memory_gb_hour_rp
        hour += disk * figures.disk_gb_month_rp / MONTH_HOURS
        return Kind(
            name=name,
            count=count,
            alive_min=alive_min,
            shares_work=shares_work,
            cores=cores,
            memory_gb=round(memory, 1),
            disk_gb=round(disk, 1),
            limit=limit,
            bears=bears if count >= alive_min else 0.0,
            use=self.rate / bears,
            month_rp=round(count * hour * MONTH_HOURS),
            season_rp=round(count * hour * self.season.days * DAY / HOUR),
        )

    def cost(self, kinds: tuple[Kind, ...]) -> Cost:
        """Of all hosts together."""
        hosts = sum(kind.season_rp for kind in kinds)
        sent = round(self.traffic.downloaded_gb * self.figures.traffic_gb_rp)
        return Cost(
            hosts_month_rp=sum(kind.month_rp for kind in kinds),
            hosts_season_rp=hosts,
            traffic_season_rp=sent,
            season_rp=hosts + sent,
            per_applicant_rp=round((hosts + sent) / self.season.applicants, 2),
        )
