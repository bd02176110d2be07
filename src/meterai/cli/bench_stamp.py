"""`meterai bench stamp`: CPU and wall time of one stamp, beside plain pyHanko and the physical limit."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from meterai.cli.bench_processes import machine, make_pki, measure

ENGINES = ("meterai", "pyhanko", "limit")
SIZES = (100_000, 1_000_000, 10_000_000)

_NOTE = (
    "RSA-2048, SHA-256. The time stamp is a real RFC 3161 token whose RSA signature is made in the same "
    "process and counted in every row; HTTP and process boundaries are not counted. meterai: opening, "
    "checking, normalising, 2-D code, visible stamp, PAdES B-T, light check. pyhanko: as its manual shows "
    "it, key loaded each time. limit: SHA-256 of the bytes and two RSA signatures."
)


def run(
    sizes: Sequence[int] = SIZES, seconds: float = 3.0, processes: Sequence[int] = (1, 2)
) -> dict[str, Any]:
    """Measures every engine, size and number of processes one after the other.

    Returns an object with `results`: a list of {engine, size_bytes, processes, cpu_ms, wall_ms, per_second};
    cpu_ms and wall_ms are per stamp, per_second is of all processes together.
    """
    cases = [(size, count, engine) for size in sizes for count in processes for engine in ENGINES]
    bar = Progress(console=Console(stderr=True), transient=True)
    with tempfile.TemporaryDirectory() as folder, bar:
        pki = Path(folder) / "pki"
        make_pki(pki)
        results = []
        for size, count, engine in bar.track(cases, description="stamping"):
            results.append(_measure(pki, engine, size, count, seconds))
    return {"results": results, "seconds_each": seconds, "machine": machine(), "note": _NOTE}


def bench_stamp(
    seconds: Annotated[float, typer.Option(min=0.2, help="seconds for each measurement")] = 3.0,
    size_bytes: Annotated[
        list[int] | None, typer.Option(min=3000, help="size of the PDF; repeat for more")
    ] = None,
    processes: Annotated[list[int] | None, typer.Option(min=1, help="processes side by side; repeat")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure stamping: this engine, plain pyHanko and the physical limit in the same run."""
    result = run(size_bytes or SIZES, seconds, processes or (1, 2))
    if json_output:
        print(json.dumps(result))
    else:
        _show(result)


def _measure(pki: Path, engine: str, size_bytes: int, processes: int, seconds: float) -> dict[str, Any]:
    arguments = [engine, "--pki", str(pki), "--size-bytes", str(size_bytes), "--seconds", str(seconds)]
    figures = measure("sandbox.stamp_bench", arguments, processes)
    return {"engine": engine, "size_bytes": size_bytes, **figures}


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("engine", "size", "processes", "CPU ms", "wall ms", "stamps/s")
    for row in result["results"]:
        size = f"{row['size_bytes'] / 1000:,.0f} kB"
        figures = (f"{row['cpu_ms']:.2f}", f"{row['wall_ms']:.2f}", f"{row['per_second']:.0f}")
        table.add_row(row["engine"], size, str(row["processes"]), *figures)
    console.print(table)
    console.print(result["note"])
