"""`python -m benchmarks promises`: how many promises of the queue are kept, over simulated evenings."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

_ROWS = {
    "promises": ("promises given", "{:,}"),
    "kept": ("kept", "{:.1%}"),
    "kept_error": ("standard error, by evenings", "{:.1%}"),
    "kept_worst_evening": ("kept on the worst evening", "{:.1%}"),
    "had_promise": ("of those done in time, had a promise before they were called", "{:.1%}"),
    "promised_at_once": ("of these, with the first verdict", "{:.1%}"),
    "width_median_min": ("width of the interval, median, min", "{:.1f}"),
    "width_p90_min": ("width, 9 of 10, min", "{:.1f}"),
    "sooner": ("done before the interval", "{:.1%}"),
    "wait_median_min": ("wait of those promised, median, min", "{:.1f}"),
    "lead_median_min": ("from the promise to the stamp, median, min", "{:.1f}"),
    "done": ("of all who waited, done in time", "{:.1%}"),
    "outages_per_evening": ("outages an evening", "{:.2f}"),
}


def bench_promises(
    evenings: Annotated[int, typer.Option(min=2, help="evenings for each prior")] = 100,
    people: Annotated[int, typer.Option(min=10, help="people followed on each evening")] = 200,
    seed: Annotated[int, typer.Option(help="the same seed gives the same figures")] = 2026,
    processes: Annotated[int | None, typer.Option(min=1, help="side by side")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Play evenings before a deadline through the queue's own code. Exit code 1: a goal is missed."""
    command = [sys.executable, "-m", "benchmarks.evenings", "--evenings", str(evenings)]
    command += ["--people", str(people), "--seed", str(seed)]
    if processes is not None:
        command += ["--processes", str(processes)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode not in (0, 1) or not run.stdout:
        raise typer.Exit(2)
    result = json.loads(run.stdout)
    if json_output:
        print(json.dumps(result))
    else:
        _show(result)
    raise typer.Exit(run.returncode)


def _show(result: dict[str, Any]) -> None:
    console = Console()
    figures = result["results"]
    table = Table("", *(f"outages x {one['outage_factor']:g}" for one in figures))
    for name, (words, form) in _ROWS.items():
        table.add_row(words, *(form.format(one[name]) for one in figures))
    console.print(table)
    chances = Table("told at first, with the prior right", "people", "were done")
    for told, people, done in figures[0]["chances"]:
        chances.add_row(f"{told:.0%}", f"{people:,}", f"{done:.0%}")
    console.print(chances)
    for problem in result["problems"]:
        console.print(f"[red]missed: {problem}[/red]")
