"""`python -m benchmarks scale`: orders on 1, 2, 3 ... small hosts until PostgreSQL is full, and where."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commands.side_by_side import print_result, result_of_crowd


def bench_scale(
    host_cores: Annotated[
        float, typer.Option(min=0.05, max=4, help="cores of a host: a site and a worker")
    ] = 0.1,
    postgres_cores: Annotated[float, typer.Option(min=0.05, max=8, help="cores of PostgreSQL")] = 0.2,
    first: Annotated[int, typer.Option(min=1, max=12, help="number of hosts that is measured first")] = 1,
    hosts: Annotated[int, typer.Option(min=1, max=12, help="as many at most")] = 8,
    seconds: Annotated[float, typer.Option(min=5, help="how long each number of hosts is measured")] = 60,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure hosts of its own, as root. Exit code 1: something was lost. 2: it can't be measured."""
    words = ["--host-cores", host_cores, "--postgres-cores", postgres_cores]
    words += ["--first", min(first, hosts), "--hosts", hosts, "--seconds", seconds]
    result = result_of_crowd("benchmarks.scale.run", *words)
    print_result(result, _show, as_json=json_output)
    raise typer.Exit(1 if result["lost"] else 0)


def _show(result: dict[str, Any]) -> None:
    console, steps = Console(), result["steps"]
    table = Table(
        "hosts", "orders a second", "of their CPU", "of PostgreSQL's", "CPU ms an order", "p50 s",
        title=f"Hosts of {result['host_cores']:g} cores, PostgreSQL of {result['postgres_cores']:g}",
    )  # fmt: skip
    for step in steps:
        parts = ", ".join(f"{name} {spent:.0f}" for name, spent in step["cpu_ms_per_order"].items())
        table.add_row(
            str(step["hosts"]),
            f"{step['per_second']:.2f}",
            f"{step['hosts_use']:.0%}",
            f"{step['postgres_use']:.0%}",
            parts,
            f"{step['p50_s']:.1f}",
        )
    console.print(table)
    _show_profile(console, steps[-1]["profile"], is_full=result["is_full"])
    for problem in result["problems"]:
        console.print(f"[red]{problem}[/red]", highlight=False)


def _show_profile(console: Console, profile: dict[str, Any], *, is_full: bool) -> None:
    console.print("PostgreSQL is full." if is_full else "PostgreSQL is NOT full: give it more --hosts.")
    table = Table("statement", "calls an order", "ms an order", "share", title=profile["source"])
    for one in profile["statements"]:
        figures = (f"{one['calls_per_order']:.2f}", f"{one['ms_per_order']:.2f}", f"{one['share']:.0%}")
        table.add_row(one["text"], *figures)
    console.print(table)
    waits = Table("connections wait for", "share", "statement", "is held by", title="pg_stat_activity")
    for one in profile["waits"]:
        waits.add_row(one["event"], f"{one['share']:.0%}", one["statement"], one["blocked_by"])
    console.print(waits)
