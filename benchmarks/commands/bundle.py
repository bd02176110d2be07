"""`python -m benchmarks bundle`: a partner's bundle while the worker is killed, beside the stamping cycle."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from benchmarks.commands.side_by_side import print_result
from benchmarks.commands.stamp import run_cycle
from benchmarks.load.bundle import measure

RATIO_MIN = 0.85
"""Aim for the rate of 10,000 documents and five kills. A small bundle spends more of its time on a kill."""
_CYCLE_DOCUMENTS_MAX = 1_200


def bench_bundle(
    documents: Annotated[int, typer.Option(min=20, max=100_000, help="in the bundle")] = 10_000,
    kills: Annotated[int, typer.Option(min=0, help="how often the worker is killed (SIGKILL)")] = 5,
    size_bytes: Annotated[int, typer.Option(min=3000, help="size of each document")] = 100_000,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure a bundle through the API, with a service of its own.

    Exit code 1: a stamp was lost, or made twice.
    """
    cycle = run_cycle(min(documents, _CYCLE_DOCUMENTS_MAX), size_bytes)["row"]["per_second"]
    found = measure(documents=documents, kills=kills, size_bytes=size_bytes)
    result = msgspec.to_builtins(found) | {
        "cycle_per_second": cycle,
        "ratio": round(found.per_second / cycle, 2),
        "aim": RATIO_MIN,
    }
    print_result(result, _show, as_json=json_output)
    is_whole = found.stamped == found.serials == found.used == documents
    raise typer.Exit(0 if is_whole else 1)


def _show(result: dict[str, Any]) -> None:
    Console().print(
        f"{result['stamped']} of {result['documents']} documents stamped in {result['seconds']} s with "
        f"{result['serials']} serial numbers; the worker was killed {result['kills']} times. "
        f"{result['per_second']} a second, {result['ratio']} of the cycle's {result['cycle_per_second']}. "
        f"MB at a tenth {result['memory_at_a_tenth_mb']}, at the end {result['memory_at_the_end_mb']}."
    )
