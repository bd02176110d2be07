"""`python -m benchmarks verify`: CPU and wall time of judging a file, beside plain pyHanko and the limit."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.commands.side_by_side import machine, make_pki, measure, read_line

ENGINES = ("meterai", "fast", "pyhanko", "limit")
SIZES = (100_000, 1_000_000, 10_000_000)
STAMPS = (1, 2, 5, 20)

_NOTE = (
    "RSA-2048, SHA-256, files stamped by this engine with RFC 3161 time stamps. meterai: the full judgement "
    "without the register, as the jail runs it; process boundaries are not counted. fast: SHA-256 of the "
    "file and its look-up in a register of 50,000 stamps; the CPU time of PostgreSQL is counted. pyhanko: "
    "each signature validated as its manual shows it. limit: SHA-256 of the bytes and two RSA verifications "
    "a stamp."
)


def run(
    sizes: Sequence[int] = SIZES,
    stamps: Sequence[int] = STAMPS,
    seconds: float = 2.0,
    processes: Sequence[int] = (1,),
) -> dict[str, Any]:
    """Measures every engine: each size with one stamp, then the smallest size with each number of stamps.

    Returns an object with `results`: a list of {engine, size_bytes, stamps, processes, cpu_ms, wall_ms,
    per_second}; cpu_ms and wall_ms are per file, per_second is of all processes together.
    """
    subjects = [(size, 1) for size in sizes] + [(min(sizes), count) for count in stamps if count > 1]
    cases = [(*subject, many, engine) for subject in subjects for many in processes for engine in ENGINES]
    with tempfile.TemporaryDirectory(prefix="meterai-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # so that the database can run as nobody when we are root
        make_pki(folder / "pki")
        results = []
        with _register(folder) as register, Progress(console=Console(stderr=True), transient=True) as bar:
            for size, count, many, engine in bar.track(cases, description="judging"):
                arguments = [engine, "--pki", str(folder / "pki"), "--size-bytes", str(size)]
                arguments += ["--stamps", str(count), "--seconds", str(seconds), "--register", register]
                figures = measure("benchmarks.verification.engines", arguments, many)
                results.append({"engine": engine, "size_bytes": size, "stamps": count, **figures})
    return {"results": results, "seconds_each": seconds, "machine": machine(), "note": _NOTE}


def bench_verify(
    seconds: Annotated[float, typer.Option(min=0.2, help="seconds for each measurement")] = 2.0,
    size_bytes: Annotated[
        list[int] | None, typer.Option(min=3000, help="size of the PDF; repeat for more")
    ] = None,
    stamps: Annotated[
        list[int] | None, typer.Option(min=1, max=30, help="stamps on the smallest PDF; repeat")
    ] = None,
    processes: Annotated[list[int] | None, typer.Option(min=1, help="processes side by side; repeat")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure judging: the full rules, the register alone, plain pyHanko and the physical limit."""
    result = run(size_bytes or SIZES, stamps or STAMPS, seconds, processes or (1,))
    if json_output:
        print(json.dumps(result))
    else:
        _show(result)


@contextmanager
def _register(folder: Path) -> Iterator[str]:
    """A register of its own in a PostgreSQL of its own; gives its addresses as JSON."""
    command = [sys.executable, "-m", "benchmarks.verification.register", "--folder", str(folder)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        addresses = read_line(server.stdout).strip()
        if not addresses:
            raise RuntimeError("the bench's database did not start")
        yield addresses
    finally:
        server.communicate(timeout=60)


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("engine", "size", "stamps", "processes", "CPU ms", "wall ms", "files/s")
    for row in result["results"]:
        size = f"{row['size_bytes'] / 1000:,.0f} kB"
        figures = (f"{row['cpu_ms']:.2f}", f"{row['wall_ms']:.2f}", f"{row['per_second']:.0f}")
        table.add_row(row["engine"], size, str(row["stamps"]), str(row["processes"]), *figures)
    console.print(table)
    console.print(result["note"])
