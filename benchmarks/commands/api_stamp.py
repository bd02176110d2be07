"""`python -m benchmarks api-stamp`: CPU of a stamp through the API beside that of an order on the site."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commands.side_by_side import print_result, result_of_crowd
from tests.running_service import running_service

RATIO_MAX = 0.7


def bench_api_stamp(
    stamps: Annotated[int, typer.Option(min=1, help="stamps, and as many orders before them")] = 300,
    at_once: Annotated[int, typer.Option(min=1, help="people, or requests, side by side")] = 12,
    size_bytes: Annotated[int, typer.Option(min=3000, help="size of each document")] = 100_000,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure a service of its own. Exit code 1: something was lost, or the ratio is above 0.7."""
    settings = {"METERAI_PARTNER_SANDBOX": "off", "METERAI_LOG_LEVEL": "WARNING", "METERAI_JAIL_SLOTS": "2"}
    with running_service(settings) as service:
        words = ["--stamps", stamps, "--at-once", at_once, "--size-bytes", size_bytes]
        result = result_of_crowd("benchmarks.load.api_stamps", "--data", service.data, *words)
    print_result(result, _show, as_json=json_output)
    is_whole = not result["lost"] and not result["orders_lost"] and result["serials"] == stamps
    raise typer.Exit(0 if is_whole and result["ratio"] <= RATIO_MAX else 1)


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("product process", "CPU ms a stamp", "CPU ms an order")
    api, site = result["api_cpu_ms_by_part"], result["order_cpu_ms_by_part"]
    for part in sorted(api | site):
        table.add_row(part, f"{api.get(part, 0):.2f}", f"{site.get(part, 0):.2f}")
    table.add_row("together", f"{result['api_cpu_ms']:.2f}", f"{result['order_cpu_ms']:.2f}")
    console.print(table)
    console.print(
        f"ratio {result['ratio']}, without PostgreSQL {result['ratio_without_postgres']}; "
        f"lost {result['lost']} stamps and {result['orders_lost']} orders"
    )
    for problem in result["problems"]:
        console.print(f"[red]{problem}[/red]")
