"""The hosts of a plan as tables in the terminal, in Indonesian or English."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.table import Table

from meterai.texts.plan_hosts import Language, moment, number, rupiah, say

_COUNTS: Final = ("fronts", "sites", "workers", "lines", "postgres", "stores", "postgres_cores")
"""Figures whose 0 means: as many as are needed."""


def show_hosts(
    console: Console,
    hosts: dict[str, Any],
    losses: dict[str, Any] | None,
    opens: str | None,
    *,
    language: Language,
) -> None:
    """Shows which hosts, what they cost, what that is reckoned from, and the last day with losses."""
    console.print(_kinds(hosts, language))
    _print(console, [_needed(hosts, language), _cost(hosts["cost"], language), *_figures(hosts, language)])
    if losses:
        console.print(_hours(losses, opens, language))
        _print(console, _left(hosts["figures"], losses, language))


def _print(console: Console, lines: list[str]) -> None:
    console.print("\n".join(lines), markup=False, highlight=False)


def _kinds(hosts: dict[str, Any], language: Language) -> Table:
    is_enough = hosts["bears_without_one"] >= hosts["needed_per_second"]
    names = ("host", "count", "each", "bears", "without_one", "because", "month", "season")
    heads = [say(name, language) for name in names]
    table = Table(*heads, title=say("title" if is_enough else "title_short", language))
    for kind in hosts["kinds"]:
        size = {name: number(kind[key], language) for name, key in _SIZES.items()}
        table.add_row(
            say(kind["name"], language),
            number(kind["count"], language),
            say("size", language, **size),
            number(kind["bears"], language, 1),
            number(_without_one(kind), language, 1),
            say(kind["limit"], language),
            rupiah(kind["month_rp"], language),
            rupiah(kind["season_rp"], language),
        )
    cost, count = hosts["cost"], sum(kind["count"] for kind in hosts["kinds"])
    sums = [rupiah(cost[name], language) for name in ("hosts_month_rp", "hosts_season_rp")]
    table.add_row(say("together", language), number(count, language), "", "", "", "", *sums)
    return table


_SIZES: Final = {"cores": "cores", "memory": "memory_gb", "disk": "disk_gb"}


def _without_one(kind: dict[str, Any]) -> float | None:
    alive = kind["count"] - 1
    if alive < kind["alive_min"]:
        return 0.0
    bears: float | None = kind["bears"]
    return bears * alive / kind["count"] if kind["shares_work"] and bears is not None else bears


def _needed(hosts: dict[str, Any], language: Language) -> str:
    told = {"needed": "needed_per_second", "bears": "bears_per_second", "without": "bears_without_one"}
    return say("needed", language, **{name: number(hosts[key], language, 1) for name, key in told.items()})


def _cost(cost: dict[str, Any], language: Language) -> str:
    told = {"season": "season_rp", "hosts": "hosts_season_rp", "traffic": "traffic_season_rp"}
    facts = {name: rupiah(cost[key], language) for name, key in told.items()}
    return say("cost", language, each=number(cost["per_applicant_rp"], language, 2), **facts)


def _figures(hosts: dict[str, Any], language: Language) -> list[str]:
    told: dict[str, list[str]] = {"measured": [], "assumed": []}
    for name, value in hosts["figures"].items():
        if value or name not in _COUNTS:
            told["measured" if name in hosts["measured"] else "assumed"].append(f"{name}={value:g}")
    return [say(key, language, names=", ".join(names)) for key, names in told.items()]


def _hours(losses: dict[str, Any], opens: str | None, language: Language) -> Table:
    names = ("hour", "lost", "worst", "joined", "longest", "in_line")
    table = Table(*(say(name, language) for name in names), title=say("losses", language))
    for hour in losses["hours"]:
        table.add_row(
            moment(hour["begins_s"], opens, language),
            f"{say(hour['lost'], language).partition(':')[0]}, {moment(hour['lost_at_s'], opens, language)}",
            number(hour["bears"], language, 1),
            *(number(hour[name], language) for name in ("joined", "longest_line", "in_line")),
        )
    return table


def _left(figures: dict[str, Any], losses: dict[str, Any], language: Language) -> list[str]:
    minutes, seconds = (number(figures[name], language, 1) for name in ("lost_minutes", "failover_seconds"))
    facts = {
        "courses": number(losses["courses"], language),
        "left": number(losses["left_behind"], language),
        "without": number(losses["left_behind_without_losses"], language),
    }
    more = number(losses["left_behind_when_a_tenth_more_come"], language)
    return [
        say("lasts", language, minutes=minutes, seconds=seconds),
        say("left" if losses["left_behind"] else "nobody", language, **facts),
        say("more", language, more=more),
    ]
