"""`python -m benchmarks wire`: CPU of a hash signed for an adapter, beside a stamp through the API."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commands.side_by_side import print_result, result_of_crowd
from tests.running_service import running_service

RATIO_MAX = 0.5
_SETTINGS = {
    "METERAI_API_REQUESTS_PER_MINUTE": "10000000",
    "METERAI_JAIL_SLOTS": "2",
    "METERAI_LOG_LEVEL": "WARNING",
    "METERAI_PARTNER_SANDBOX": "off",
}


def bench_wire(
    hashes: Annotated[int, typer.Option(min=1, help="hashes, and as many stamps before them")] = 300,
    at_once: Annotated[int, typer.Option(min=1, help="requests side by side")] = 12,
    size_bytes: Annotated[int, typer.Option(min=3000, help="size of each stamped document")] = 100_000,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure a service of its own. Exit code 1: something was lost, or the ratio is above 0.5."""
    with running_service(_SETTINGS) as service:
        words = ["--hashes", hashes, "--at-once", at_once, "--size-bytes", size_bytes]
        result = result_of_crowd("benchmarks.load.wire_hashes", "--data", service.data, *words)
    print_result(result, _show, as_json=json_output)
    is_whole = not result["lost"] and result["serials"] == hashes
    raise typer.Exit(0 if is_whole and result["ratio"] <= RATIO_MAX else 1)


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("product process", "CPU ms a hash", "CPU ms a stamp")
    hashed, stamped = result["hash_cpu_ms_by_part"], result["api_cpu_ms_by_part"]
    for part in sorted(hashed | stamped):
        table.add_row(part, f"{hashed.get(part, 0):.2f}", f"{stamped.get(part, 0):.2f}")
    table.add_row("together", f"{result['hash_cpu_ms']:.2f}", f"{result['api_cpu_ms']:.2f}")
    console.print(table)
    console.print(
        f"ratio {result['ratio']}, without PostgreSQL {result['ratio_without_postgres']}; "
        f"{result['hashes_per_second']} hashes a second; lost {result['lost']}"
    )
    for problem in result["problems"]:
        console.print(f"[red]{problem}[/red]")
