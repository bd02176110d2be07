"""`python -m benchmarks queue`: joins, polls and wait pages of one gate on one processor, and its memory."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commands.side_by_side import print_result, result_of_crowd


def bench_queue(
    joins: Annotated[int, typer.Option(min=10, help="people who take a place")] = 40_000,
    seconds: Annotated[float, typer.Option(min=1, help="of polls, for each server")] = 4,
    waiting: Annotated[
        int, typer.Option(min=0, help="tickets out when memory is measured; 0: not")
    ] = 100_000,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure a gate of its own, beside nginx (apt-get install nginx-light wrk). No service needs to run.

    Exit code 1: a request was refused or lost, or the status is too long.
    """
    words = ["--joins", joins, "--seconds", seconds, "--waiting", waiting]
    result = result_of_crowd("benchmarks.load.queue", *words)
    print_result(result, _show, as_json=json_output)
    raise typer.Exit(1 if result["problems"] else 0)


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("step", "server", "a second", "a core second", "CPU us each", "p50 ms", "p95 ms", "p99 ms")
    for row in result["results"]:
        table.add_row(
            row["step"],
            row["server"],
            f"{row['finished_per_second']:,.0f}",
            f"{row['per_cpu_second']:,.0f}",
            f"{row['cpu_ms_per_request'] * 1000:.1f}",
            *(f"{row[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms")),
        )
    console.print(table)
    if result["polls_of_nginx"] is not None:
        console.print(f"polls: {result['polls_of_nginx']:.0%} of what nginx does with the same bytes")
    if memory := result["memory"]:
        console.print(
            f"memory with {memory['waiting']:,} waiting: {memory['started_mb']} MB at the start, "
            f"{memory['joined_mb']} after the joins, {memory['ranked_mb']} with exact places, "
            f"{memory['most_mb']} at most ({memory['bytes_per_person']} bytes a person); "
            f"status {memory['status_bytes']} bytes"
        )
    for line in result["skipped"]:
        console.print(f"skipped: {line}")
    for problem in result["problems"]:
        console.print(f"[red]{problem}[/red]")
