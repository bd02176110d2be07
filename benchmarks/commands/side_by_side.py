"""What the benches share: processes that say `ready`, start together and each report one JSON object."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import typer

from meterai.cli.tools.rehearse import playing

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(128 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""As in the jail; for every engine alike."""


def result_of_crowd(module: str, *words: object) -> dict[str, Any]:
    """What `python -m module words` printed as one JSON object: the crowd is a process of its own, which the
    product does not import.

    Raises: typer.Exit 2 when it could not measure; it has said why.
    """
    command = [sys.executable, "-m", module, *map(str, words)]
    with playing(command) as process:
        told, _ = process.communicate()
    if process.returncode not in (0, 1) or not told:
        raise typer.Exit(2)
    found: dict[str, Any] = json.loads(told)
    return found


def print_result(result: dict[str, Any], show: Callable[[dict[str, Any]], None], *, as_json: bool) -> None:
    """As one JSON object, or as tables."""
    if as_json:
        print(json.dumps(result))
    else:
        show(result)


def machine() -> dict[str, Any]:
    """On what the figures were made."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}


def make_pki(folder: Path) -> None:
    """A development PKI of its own for a bench."""
    code = (
        "import sys, pathlib; from sandbox.pki.authority import make_pki; make_pki(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def measure(module: str, arguments: list[str], processes: int) -> dict[str, Any]:
    """Runs `python -m module arguments` a number of times side by side.

    Returns {processes, cpu_ms, wall_ms, per_second}: the times for one piece of work, per_second of all
    processes together; tsa_cpu_ms besides where the time-stamp authority's CPU time was measured apart.
    Raises: RuntimeError when a process does not start.
    """
    command = [sys.executable, "-m", module, *arguments]
    return figures(run_side_by_side([command] * processes))


def figures(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of `measure` from what the processes reported."""
    count = sum(part["count"] for part in parts)
    found = {
        "processes": len(parts),
        "cpu_ms": round(sum(part["cpu_seconds"] for part in parts) / count * 1000, 3),
        "wall_ms": round(sum(part["wall_seconds"] for part in parts) / count * 1000, 3),
        "per_second": round(sum(part["count"] / part["wall_seconds"] for part in parts), 1),
    }
    if all("tsa_cpu_seconds" in part for part in parts):
        found["tsa_cpu_ms"] = round(sum(part["tsa_cpu_seconds"] for part in parts) / count * 1000, 3)
    return found


def run_side_by_side(commands: list[list[str]], *, quiet: bool = False) -> list[dict[str, Any]]:
    """Starts the processes, lets all begin at once when all are ready, and reads what each found.

    `quiet`: their complaints are dropped. Raises: RuntimeError when a process does not start.
    """
    children = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
            env=os.environ | ALLOCATOR,
        )
        for command in commands
    ]
    try:
        for command, child in zip(commands, children, strict=True):
            if read_line(child.stdout).strip() != "ready":
                raise RuntimeError("a bench process did not start: " + " ".join(command))
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        return [json.loads(read_line(child.stdout)) for child in children]
    finally:
        for child in children:
            child.communicate(timeout=30)


def read_line(stream: IO[str] | None) -> str:
    """The next line that a child printed; empty when it ended."""
    assert stream is not None
    return stream.readline()
