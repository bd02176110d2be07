"""`meterai plan`: simulates a season of applications. The model is a separate process that prints JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from meterai.cli.tools.plan_hosts_output import show_hosts
from meterai.cli.tools.plan_output import show_fit, show_plan


def plan(
    applicants: Annotated[
        int | None, typer.Option(min=1000, help="how many apply", show_default="4000000")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=120, help="from the opening to the closing", show_default="22")
    ] = None,
    stamps: Annotated[
        int | None, typer.Option(min=1, max=10, help="stamps per applicant", show_default="2")
    ] = None,
    closing: Annotated[
        str | None,
        typer.Option(help="23:59 on the last day, or 2026-10-31T23:59", show_default="23:59"),
    ] = None,
    tau: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=1000, help="hours: how early people come; 6 design, 1 stress", show_default="6.0"
        ),
    ] = None,
    capacity: Annotated[
        list[str] | None,
        typer.Option(help="JSON of a bench (journey, order, queue), or journeys a second; repeat"),
    ] = None,
    policy: Annotated[str, typer.Option(help="closing, line-counts or last-call:HOURS")] = "closing",
    scenario: Annotated[str, typer.Option(help="a season that has happened: september-2024, or a file")] = "",
    chart: Annotated[Path | None, typer.Option(help="write an SVG picture here", dir_okay=False)] = None,
    language: Annotated[
        Literal["id", "en"] | None,
        typer.Option(help="of the picture (usually id) and of the hosts (usually en)"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="the same seed, the same answer")] = 1,
    hosts: Annotated[
        bool, typer.Option("--hosts", help="say which hosts the season needs, and what they cost")
    ] = False,
    assume: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE: a figure, a price or a number of hosts for --hosts; repeat"),
    ] = None,
    lose_a_host_each_hour: Annotated[
        bool,
        typer.Option("--lose-a-host-each-hour", help="with --hosts: lose one in each hour of the last day"),
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Simulate a whole season: waits, who is left at closing, what it takes.

    Exit code 1: hosts were lost, and people are left in line at closing. 2: can't be asked.
    A scenario has its own applicants, days, stamps, closing and tau.
    """
    given = {
        "applicants": applicants,
        "days": days,
        "stamps": stamps,
        "closing": closing,
        "tau": tau,
        "policy": policy,
        "scenario": scenario,
        "chart": chart,
        "language": language,
        "seed": seed,
    }
    words = [f"--{name}={value}" for name, value in given.items() if value not in (None, "")]
    words += [f"--capacity={one}" for one in capacity or []]
    words += [f"--assume={one}" for one in assume or []]
    words += ["--hosts"] * hosts + ["--lose-a-host-each-hour"] * lose_a_host_each_hour
    command = [sys.executable, "-m", "simulator.planner", *words]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    answer: dict[str, Any] = json.loads(run.stdout) if run.stdout else {"error": "the planner failed"}
    if json_output:
        print(json.dumps(answer))
    elif "error" in answer:
        Console(stderr=True).print(answer["error"], markup=False)
    else:
        _show(answer, chart, language or "en")
    raise typer.Exit(2 if "error" in answer else _is_left(answer))


def _is_left(answer: dict[str, Any]) -> bool:
    """Whether people are left in line although each host that was lost was to be missed."""
    return bool(answer["losses"] and answer["losses"]["left_behind"])


def _show(answer: dict[str, Any], chart: Path | None, language: Literal["id", "en"]) -> None:
    console = Console()
    opens = answer.get("opens")
    if answer.get("scenario"):
        show_fit(console, answer["scenario"], answer["fit"])
        show_plan(console, answer["plan"], opens, title="The first deadline kept, served by this service")
        show_plan(console, answer["extended"], opens, title="As extended, served by this service")
    else:
        show_plan(console, answer["plan"], opens, title="The season")
    if answer["hosts"]:
        show_hosts(console, answer["hosts"], answer["losses"], opens, language=language)
    console.print("[bold]Where the model guesses[/bold]")
    for guess in answer["guesses"]:
        console.print(f"- {guess}", markup=False, highlight=False)
    if chart:
        console.print(f"Picture: {chart}", markup=False)
