"""`python -m benchmarks steps`: what each step of a purchase costs each process."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commands.side_by_side import print_result, result_of_crowd
from meterai.cli.data_folder import DataOption, data_folder


def bench_steps(
    journeys: Annotated[int, typer.Option(min=1, help="applicants, one after the other")] = 60,
    size_bytes: Annotated[int, typer.Option(min=3000, help="size of each document")] = 150_000,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    data: DataOption = None,
) -> None:
    """Measure what each step costs each process of the running service."""
    words = ["--journeys", journeys, "--size-bytes", size_bytes]
    result = result_of_crowd("benchmarks.load.step_costs", "--data", data_folder(data), *words)
    print_result(result, _show, as_json=json_output)


_PARTS = ("site", "jails", "postgres", "worker", "signer")
"""Gate and controller take no part: nobody stands in line."""


def _show(result: dict[str, Any]) -> None:
    table = Table("CPU ms of", *_PARTS, "together", "twins")
    for step, spent in result["steps"].items():
        table.add_row(step, *_cells(spent))
    table.add_section()
    table.add_row("one order", *_cells(result["cpu_ms_by_part"]))
    table.add_row("idle, a second", *_cells(result["idle_ms_per_second"]))
    Console().print(table)


def _cells(spent: dict[str, float]) -> list[str]:
    own = [spent.get(part, 0.0) for part in _PARTS]
    return [f"{used:.2f}" for used in (*own, sum(own), spent.get("sandbox", 0.0))]
