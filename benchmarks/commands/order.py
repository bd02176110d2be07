"""`python -m benchmarks order`: orders bought, paid and stamped by many people."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commands.side_by_side import print_result, result_of_crowd
from meterai.cli.data_folder import DataOption, data_folder


def bench_order(
    orders: Annotated[int, typer.Option(min=1, help="orders to finish")] = 300,
    people: Annotated[int, typer.Option(min=1, help="people at work side by side")] = 12,
    size_bytes: Annotated[int, typer.Option(min=3000, help="size of each document")] = 100_000,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    data: DataOption = None,
) -> None:
    """Measure the running service. Exit code 1: something was lost, or a sampled file was not genuine."""
    words = ["--orders", orders, "--people", people, "--size-bytes", size_bytes]
    result = result_of_crowd("benchmarks.load.orders", "--data", data_folder(data), *words)
    print_result(result, _show, as_json=json_output)
    raise typer.Exit(1 if result["lost"] or result["problems"] else 0)


def _show(result: dict[str, Any]) -> None:
    Console().print(
        f"{result['finished']} orders in {result['seconds']} s: {result['finished_per_second']} a second, "
        f"{result['cpu_ms_per_order']} ms CPU each; refused {result['refused']}, lost {result['lost']}, "
        f"{result['verified']} files judged by the driver"
    )
    show_figures(result)


def show_figures(result: dict[str, Any]) -> None:
    """The steps' times, the CPU time by process, and what went wrong."""
    console = Console()
    table = Table("step", "p50 ms", "p95 ms", "p99 ms")
    for name, times in result["steps"].items():
        table.add_row(name, *(f"{times[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms")))
    console.print(table)
    parts = Table("product process", "CPU ms an order")
    for name, spent in result["cpu_ms_by_part"].items():
        parts.add_row(name, f"{spent:.2f}")
    console.print(parts)
    for problem in result["problems"]:
        console.print(f"[red]{problem}[/red]")
