"""What the benches share: processes that say `ready`, start together and each report one JSON object."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(128 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""As in the jail; for every engine alike."""


def machine() -> dict[str, Any]:
    """On what the figures were made."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}


def make_pki(folder: Path) -> None:
    """A development PKI of its own for a bench."""
    code = "import sys, pathlib; from sandbox.pki import make_pki; make_pki(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def measure(module: str, arguments: list[str], processes: int) -> dict[str, Any]:
    """Runs `python -m module arguments` so many times side by side.

    Returns {processes, cpu_ms, wall_ms, per_second}: the times for one piece of work, per_second of all
    processes together. Raises: RuntimeError when a process does not start.
    """
    children = [
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | _ALLOCATOR,
        )
        for _ in range(processes)
    ]
    try:
        for child in children:
            if read_line(child.stdout).strip() != "ready":
                raise RuntimeError(f"the bench process {module} {arguments[0]} did not start")
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        parts = [json.loads(read_line(child.stdout)) for child in children]
    finally:
        for child in children:
            child.communicate(timeout=30)
    count = sum(part["count"] for part in parts)
    return {
        "processes": processes,
        "cpu_ms": round(sum(part["cpu_seconds"] for part in parts) / count * 1000, 3),
        "wall_ms": round(sum(part["wall_seconds"] for part in parts) / count * 1000, 3),
        "per_second": round(sum(part["count"] / part["wall_seconds"] for part in parts), 1),
    }


def read_line(stream: IO[str] | None) -> str:
    """The next line that a child printed; empty when it ended."""
    assert stream is not None
    return stream.readline()
