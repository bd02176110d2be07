"""`python -m simulator.planner`: prints a plan as one JSON object; `meterai plan` shows it to people."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from simulator.planner.calibration import GUESSES as FIT_GUESSES
from simulator.planner.calibration import Fit, fit, question_of
from simulator.planner.chart import draw_chart
from simulator.planner.futures import Question
from simulator.planner.hosts.answer import hosts_of
from simulator.planner.hosts.figures import Figures, read_figures
from simulator.planner.hosts.losses import lose_hosts
from simulator.planner.hosts.model import Hosts, Losses
from simulator.planner.measured import Measured, read_measured
from simulator.planner.plan import GUESSES, Plan, make_plan
from simulator.planner.scenario import Scenario, read_scenario
from simulator.planner.season import DAY, Behaviour, Ending, Policy, Season, Service
from simulator.planner.traffic import Limits, Sizes

_POLICY = re.compile(r"(closing|line-counts|last-call)(?::(\d+(?:\.\d+)?))?")
_SHORTEST_S = DAY / 4
_OF_A_SEASON: dict[str, Any] = {
    "applicants": 4_000_000,
    "days": 22,
    "stamps": 2,
    "closing": "23:59",
    "tau": 6.0,
}
"""What is asked about unless told otherwise; a scenario has its own."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed."""

    plan: Plan
    """For a scenario: had its first closing time been kept, and had this service served it."""
    opens: datetime | None = None
    scenario: str = ""
    fit: Fit | None = None
    extended: Plan | None = None
    """For a scenario: with its extension and the rush after its outage, served by this service."""
    hosts: Hosts | None = None
    """With --hosts: then `plan` is what they bear."""
    losses: Losses | None = None
    guesses: tuple[str, ...] = GUESSES
    """What is not measured, in the plan and in the fit."""


def main() -> None:
    """Exit code 2: a question that can't be read; the reason is printed as {"error": ...}."""
    asked = _arguments().parse_args()
    try:
        answer = _answer(asked)
        if asked.chart:
            _draw(asked, answer)
    except ValueError as error:
        print(msgspec.json.encode({"error": str(error)}).decode())
        sys.exit(2)
    print(msgspec.json.encode(answer).decode())


def _answer(asked: argparse.Namespace) -> Answer:
    """Raises: ValueError."""
    if asked.hosts:
        return _of_hosts(asked, read_figures(asked.assume))
    if asked.assume or asked.lose_a_host_each_hour:
        raise ValueError("--assume and --lose-a-host-each-hour are for --hosts: give it, too")
    measured = read_measured(asked.capacity)
    return _of_scenario(asked, measured) if asked.scenario else _of_season(asked, measured)


def _draw(asked: argparse.Namespace, answer: Answer) -> None:
    """Raises: ValueError."""
    chart = draw_chart(
        answer.plan,
        language=asked.language,
        opens=answer.opens,
        fit=answer.fit,
        name=answer.scenario,
    )
    try:
        asked.chart.write_text(chart)
    except OSError as error:
        raise ValueError(
            f"--chart {asked.chart}: {error.strerror}; name a file that can be written"
        ) from None


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in _OF_A_SEASON.items():
        parser.add_argument(f"--{name}", type=type(usual), help=f"[default: {usual}]")
    parser.add_argument("--capacity", action="append", default=[])
    parser.add_argument("--policy", default="closing")
    parser.add_argument("--scenario", default="")
    parser.add_argument("--chart", type=Path)
    parser.add_argument("--language", choices=("id", "en"), default="id")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hosts", action="store_true")
    parser.add_argument("--assume", action="append", default=[])
    parser.add_argument("--lose-a-host-each-hour", action="store_true")
    return parser


def _of_season(asked: argparse.Namespace, measured: Measured) -> Answer:
    season, opens = _season_of(asked)
    service = Service(journeys_per_second=measured.journeys_with(season.stamps))
    question = Question(season, Behaviour(), _policy_of(asked, season), service)
    return Answer(plan=make_plan(question, measured, Sizes(), Limits(), asked.seed), opens=opens)


def _of_hosts(asked: argparse.Namespace, figures: Figures) -> Answer:
    if told := [f"--{name}" for name in ("capacity", "scenario") if getattr(asked, name)]:
        raise ValueError(f"--hosts reckons what the hosts bear: leave out {', '.join(told)}")
    season, opens = _season_of(asked)
    question = Question(season, Behaviour(), _policy_of(asked, season), Service(journeys_per_second=1.0))
    borne, hosts, plan = hosts_of(question, figures, asked.seed)
    losses = lose_hosts(borne, hosts) if asked.lose_a_host_each_hour else None
    return Answer(plan=plan, opens=opens, hosts=hosts, losses=losses)


def _season_of(asked: argparse.Namespace) -> tuple[Season, datetime | None]:
    told = {name: value for name in _OF_A_SEASON if (value := getattr(asked, name)) is not None}
    applicants, days, stamps, closing, tau = (_OF_A_SEASON | told).values()
    length_s, opens = season_length(days, closing)
    return Season(applicants=applicants, days=length_s / DAY, stamps=stamps, tau_hours=tau), opens


def _of_scenario(asked: argparse.Namespace, measured: Measured) -> Answer:
    if told := [f"--{name}" for name in _OF_A_SEASON if getattr(asked, name) is not None]:
        raise ValueError(f"--scenario has its own: leave out {', '.join(told)}")
    scenario = read_scenario(asked.scenario)
    found = fit(scenario)
    service = Service(journeys_per_second=measured.journeys_with(scenario.stamps))
    first = _first_season(scenario, found)
    kept = Question(first, Behaviour(), _policy_of(asked, first), service)
    behaviour = Behaviour(panic_share=found.panic_share)
    extended = question_of(scenario, found.tau_hours, service=service, behaviour=behaviour)
    return Answer(
        plan=make_plan(kept, measured, Sizes(), Limits(), asked.seed),
        opens=scenario.opens,
        scenario=scenario.name,
        fit=found,
        extended=make_plan(extended, measured, Sizes(), Limits(), asked.seed),
        guesses=GUESSES + FIT_GUESSES,
    )


def _first_season(scenario: Scenario, found: Fit) -> Season:
    return Season(
        applicants=scenario.applicants,
        days=scenario.seconds(scenario.closes) / DAY,
        opens_at_hour=scenario.opens.hour,
        stamps=scenario.stamps,
        tau_hours=found.tau_hours,
    )


def season_length(days: int, closing: str) -> tuple[float, datetime | None]:
    """(seconds, date of the opening). `closing`: 23:59 on the last day, or a date with its time; the season
    opens at midnight of its first day. Raises: ValueError."""
    try:
        closes = datetime.fromisoformat(closing if "T" in closing else f"2000-01-01T{closing}")
    except ValueError:
        raise ValueError(f"--closing {closing}: neither 23:59 nor 2026-10-31T23:59") from None
    if closes.year < 2000:
        raise ValueError(f"--closing {closing}: the year is before 2000")
    midnight = closes.replace(hour=0, minute=0, second=0, microsecond=0)
    length = (days - 1) * DAY + (closes - midnight).total_seconds() // 60 * 60
    if days < 1 or length < _SHORTEST_S:
        raise ValueError("a season is at least six hours long")
    return length, midnight - timedelta(days=days - 1) if "T" in closing else None


def _policy_of(asked: argparse.Namespace, season: Season) -> Policy:
    """Raises: ValueError."""
    policy = read_policy(asked.policy)
    if policy.joins_until(season.seconds) < _SHORTEST_S:
        raise ValueError(f"--policy {asked.policy}: the season leaves less than six hours before that")
    return policy


def read_policy(text: str) -> Policy:
    """closing, line-counts, or last-call:HOURS. Raises: ValueError."""
    found = _POLICY.fullmatch(text)
    if found is None or (found[1] == "last-call") != (found[2] is not None):
        raise ValueError(f"--policy {text}: closing, line-counts or last-call:HOURS")
    return Policy(Ending(found[1]), float(found[2] or 0))


if __name__ == "__main__":
    main()
