"""`meterai bench stamp`: CPU and wall time of one stamp, beside plain pyHanko and the physical limit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

ENGINES = ("meterai", "pyhanko", "limit")
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(128 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""As in the jail; for every engine alike."""
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
        _make_pki(pki)
        results = []
        for size, count, engine in bar.track(cases, description="stamping"):
            results.append(_measure(pki, engine, size, count, seconds))
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    return {"results": results, "seconds_each": seconds, "machine": machine, "note": _NOTE}


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


def _make_pki(folder: Path) -> None:
    code = "import sys, pathlib; from sandbox.pki import make_pki; make_pki(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def _measure(pki: Path, engine: str, size_bytes: int, processes: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "sandbox.stamp_bench", engine, "--pki", str(pki)]
    command += ["--size-bytes", str(size_bytes), "--seconds", str(seconds)]
    children = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | _ALLOCATOR,
        )
        for _ in range(processes)
    ]
    try:
        for child in children:
            if _line(child.stdout).strip() != "ready":
                raise RuntimeError(f"the bench process of {engine} did not start")
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        parts = [json.loads(_line(child.stdout)) for child in children]
    finally:
        for child in children:
            child.communicate(timeout=30)
    count = sum(part["count"] for part in parts)
    return {
        "engine": engine,
        "size_bytes": size_bytes,
        "processes": processes,
        "cpu_ms": round(sum(part["cpu_seconds"] for part in parts) / count * 1000, 3),
        "wall_ms": round(sum(part["wall_seconds"] for part in parts) / count * 1000, 3),
        "per_second": round(sum(part["count"] / part["wall_seconds"] for part in parts), 1),
    }


def _line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("engine", "size", "processes", "CPU ms", "wall ms", "stamps/s")
    for row in result["results"]:
        size = f"{row['size_bytes'] / 1000:,.0f} kB"
        figures = (f"{row['cpu_ms']:.2f}", f"{row['wall_ms']:.2f}", f"{row['per_second']:.0f}")
        table.add_row(row["engine"], size, str(row["processes"]), *figures)
    console.print(table)
    console.print(result["note"])
