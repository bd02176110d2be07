"""`python -m benchmarks stamp`: CPU and wall time of a stamp, beside pyHanko, PDFBox and the limit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.commands.side_by_side import ALLOCATOR, figures, machine, make_pki, measure, run_side_by_side

ENGINES = ("meterai", "pyhanko", "pdfbox", "limit")
SIZES = (100_000, 1_000_000, 10_000_000)

_PDFBOX_STAMP = Path(__file__).parents[1] / "stamping" / "PdfBoxStamp.java"
_JARS = Path("/usr/share/java")
_JAR_NAMES = ("pdfbox2", "fontbox2", "commons-logging", "bcprov", "bcpkix", "bcutil")

_NOTE = (
    "RSA-2048, SHA-256. cpu_ms is a stamp's CPU time without the time-stamp authority's, which stands apart; "
    "the token is a real RFC 3161 one, made in the same process, and part of wall time and stamps a second. "
    "HTTP and process boundaries are not counted here; --cycle has them. meterai: opening, checking, "
    "2-D code, visible stamp, PAdES B-T, comparison, light check. pyhanko: as its manual shows "
    "it, key loaded each time. pdfbox: as its examples show it, warm, key loaded once, no 2-D code made, no "
    "check. limit: SHA-256 of the bytes and an RSA signature."
)


def run(
    sizes: Sequence[int] = SIZES, seconds: float = 3.0, processes: Sequence[int] = (1, 2)
) -> dict[str, Any]:
    """Measures every engine, size and number of processes one after the other.

    Returns an object with `results`: a list of {engine, size_bytes, processes, stamps, cpu_ms, tsa_cpu_ms,
    wall_ms, per_second}; the first three of time are per stamp, per_second is of all processes together,
    `stamps` is the number of stamps on the document. `skipped` says what is not there, and why.
    """
    missing = _missing_pdfbox()
    engines = [engine for engine in ENGINES if engine != "pdfbox" or not missing]
    cases = [(size, count, engine) for size in sizes for count in processes for engine in engines]
    bar = Progress(console=Console(stderr=True), transient=True)
    with tempfile.TemporaryDirectory() as name, bar:
        folder = Path(name)
        make_pki(folder / "pki")
        results = [
            _measure(folder, engine, size, count, seconds)
            for size, count, engine in bar.track(cases, description="stamping")
        ]
    return {
        "results": results,
        "skipped": [missing] if missing else [],
        "seconds_each": seconds,
        "machine": machine(),
        "note": _NOTE,
    }


def watch_memory(documents: int, size_bytes: int = SIZES[0]) -> dict[str, Any]:
    """Stamps this number of documents in one process. One in 20 is ten times as large, one in 200 a hundred
    times.

    Returns {documents, first_mb, last_mb, peak_mb, slope_bytes_per_document}.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pki(folder / "pki")
        command = [
            sys.executable,
            "-m",
            "benchmarks.stamping.engines",
            "meterai",
            "--pki",
            str(folder / "pki"),
        ]
        command += ["--size-bytes", str(size_bytes), "--documents", str(documents)]
        (found,) = run_side_by_side([command])
        return found


def run_cycle(documents: int, size_bytes: int = SIZES[0]) -> dict[str, Any]:
    """Takes this number of documents through the whole cycle: worker, jail, signer and PostgreSQL as
    processes."""
    command = [sys.executable, "-m", "benchmarks.stamping.cycle", "--documents", str(documents)]
    command += ["--size-bytes", str(size_bytes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | ALLOCATOR)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def bench_stamp(
    seconds: Annotated[float, typer.Option(min=0.2, help="seconds for each measurement")] = 3.0,
    size_bytes: Annotated[
        list[int] | None, typer.Option(min=3000, help="size of the PDF; repeat for more")
    ] = None,
    processes: Annotated[list[int] | None, typer.Option(min=1, help="processes side by side; repeat")] = None,
    cycle: Annotated[
        bool, typer.Option("--cycle", help="also take documents through the whole stamping cycle")
    ] = False,
    cycle_documents: Annotated[int, typer.Option(min=20, help="how many")] = 600,
    memory: Annotated[
        int, typer.Option(min=0, help="also watch the memory while so many documents are stamped")
    ] = 0,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure stamping: this engine, plain pyHanko, PDFBox and the physical limit in the same run."""
    result = run(size_bytes or SIZES, seconds, processes or (1, 2))
    if cycle:
        result["cycle"] = run_cycle(cycle_documents)
        result["results"].append(result["cycle"].pop("row"))
    if memory:
        result["memory"] = watch_memory(memory)
    if json_output:
        print(json.dumps(result))
    else:
        _show(result)


def _missing_pdfbox() -> str:
    """Why PDFBox can't be measured here; empty: it can."""
    if shutil.which("javac") is None:  # `java File.java` needs the compiler
        return "pdfbox: skipped, no Java development kit is installed (Debian: default-jdk-headless)"
    if missing := [name for name in _JAR_NAMES if not (_JARS / f"{name}.jar").exists()]:
        packages = "libpdfbox2-java libbcpkix-java"
        return f"pdfbox: skipped, {', '.join(missing)} not found (Debian: {packages})"
    return ""


def _measure(folder: Path, engine: str, size_bytes: int, processes: int, seconds: float) -> dict[str, Any]:
    if engine == "pdfbox":
        command = _pdfbox_command(folder, size_bytes, seconds)
        found = figures(run_side_by_side([command] * processes, quiet=True))  # it reports fonts
    else:
        arguments = [engine, "--pki", str(folder / "pki"), "--size-bytes", str(size_bytes)]
        found = measure("benchmarks.stamping.engines", [*arguments, "--seconds", str(seconds)], processes)
    return {"engine": engine, "size_bytes": size_bytes, "stamps": 1, **found}


def _pdfbox_command(folder: Path, size_bytes: int, seconds: float) -> list[str]:
    document = folder / f"{size_bytes}.pdf"
    if not document.exists():
        code = (
            "import sys, pathlib; from benchmarks.stamping.engines import make_document; "
            "pathlib.Path(sys.argv[1]).write_bytes(make_document(int(sys.argv[2])))"
        )
        subprocess.run([sys.executable, "-c", code, str(document), str(size_bytes)], check=True)
    jars = ":".join(str(_JARS / f"{name}.jar") for name in _JAR_NAMES)
    return [
        *("java", "-Xmx512m", f"-Dpdfbox.fontcache={folder}", "-cp", jars, str(_PDFBOX_STAMP)),
        *(str(folder / "pki"), str(document), str(seconds)),
    ]


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("engine", "size", "processes", "CPU ms", "of the TSA, apart", "wall ms", "stamps/s")
    for row in result["results"]:
        size = f"{row['size_bytes'] / 1000:,.0f} kB"
        figures = (f"{row[name]:.2f}" for name in ("cpu_ms", "tsa_cpu_ms", "wall_ms"))
        table.add_row(row["engine"], size, str(row["processes"]), *figures, f"{row['per_second']:.0f}")
    console.print(table)
    for line in result["skipped"]:
        console.print(line)
    if "cycle" in result:
        console.print(result["cycle"]["note"])
        for name in ("cpu_ms_by_part", "resident_mb"):
            parts = ", ".join(f"{part} {value:g}" for part, value in result["cycle"][name].items())
            console.print(f"cycle, {name}: {parts}")
    if "memory" in result:
        found = result["memory"]
        console.print(
            f"memory over {found['documents']} documents: {found['first_mb']} MB to {found['last_mb']} MB, "
            f"at most {found['peak_mb']} MB, slope {found['slope_bytes_per_document']} bytes a document"
        )
    console.print(result["note"])
