"""From a season to its hosts, and to the plan of the season that they bear."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from simulator.planner.futures import Question, capacity_needed, run_courses
from simulator.planner.hosts.figures import Figures
from simulator.planner.hosts.model import Hosts
from simulator.planner.hosts.sizing import size_hosts
from simulator.planner.measured import Measured
from simulator.planner.plan import Plan, make_plan
from simulator.planner.season import Service
from simulator.planner.traffic import Limits, Sizes, traffic_of

_LEAST_RATE = 1e-3


def hosts_of(question: Question, figures: Figures, seed: int) -> tuple[Question, Hosts, Plan]:
    """Returns the question with the rate that the hosts bear while one of them is lost, the hosts, and the
    plan of that."""
    needed = capacity_needed(question) * (1 + question.service.demand_spread)
    at_need = _at(question, needed)
    courses = run_courses(at_need, np.random.default_rng(seed))
    hosts = size_hosts(needed, question.season, traffic_of(at_need, courses, Sizes()), figures)
    borne = _at(question, max(min(needed, hosts.bears_per_second), _LEAST_RATE))
    return borne, hosts, make_plan(borne, _measured(borne, hosts), Sizes(), _limits(hosts), seed)


def _at(question: Question, rate: float) -> Question:
    service: Service = msgspec.structs.replace(question.service, journeys_per_second=rate)
    return replace(question, service=service)


def _measured(question: Question, hosts: Hosts) -> Measured:
    """What the fronts bear at the gate, each thing alone."""
    figures, fronts = hosts.figures, hosts.kinds[0]
    seconds = fronts.count * fronts.cores * figures.usable
    return Measured(
        journeys=question.service.journeys_per_second,
        stamps=question.season.stamps,
        joins=seconds * 1e6 / (figures.join_us + figures.front_request_us),
        polls=seconds * 1e6 / (figures.poll_us + figures.front_request_us),
        basis="hosts",
        joins_basis="hosts",
        polls_basis="hosts",
    )


def _limits(hosts: Hosts) -> Limits:
    figures = hosts.figures
    stores = hosts.kinds[-1]
    files = (stores.disk_gb - figures.host_disk_gb) * stores.count / figures.file_copies
    return Limits(network_mbit=hosts.kinds[0].count * figures.front_mbit, files_tb=files / 1e3)
