"""`python -m benchmarks placing`: how near to the signature the proposed stamp lies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commands.side_by_side import print_result
from benchmarks.placing.letters import letters
from benchmarks.placing.study import NEAR_MM, Found, sheet_of, study
from benchmarks.placing.unseen_letters import unseen_letters
from benchmarks.placing.writers import opened

GOAL = 0.9
"""Share of the letters with text whose stamp lies near the signature."""


def bench_placing(
    chromium: Annotated[Path, typer.Option(help="prints a third of the letters")] = Path(
        "/usr/bin/chromium-headless-shell"
    ),
    sheets: Annotated[
        Path | None, typer.Option(help="folder for a picture of all letters, of each set")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Propose a stamp for letters whose place to sign is known. Exit code 1: the goal is missed."""
    sets = {"letters": letters(), "unseen letters": unseen_letters()}
    result: dict[str, Any] = {"near_mm": NEAR_MM, "goal": GOAL, "sets": []}
    with opened(chromium) as writers:
        for name, some in sets.items():
            for as_scans in (False, True):
                found = list(study(some, writers, as_scans=as_scans))
                result["sets"].append(_figures(f"{name}, as scans" if as_scans else name, found))
                if sheets is not None:
                    sheets.mkdir(parents=True, exist_ok=True)
                    sheet_of(found).save(sheets / f"{name.replace(' ', '-')}{'-scans' * as_scans}.png")
    print_result(result, _show, as_json=json_output)
    text = [one for one in result["sets"] if not one["set"].endswith("scans")]
    raise typer.Exit(int(any(one["near"] < GOAL * one["letters"] or one["covering"] for one in text)))


def _figures(name: str, found: list[Found]) -> dict[str, Any]:
    distances = sorted(one.distance_mm for one in found)
    return {
        "set": name,
        "letters": len(found),
        "near": sum(one.is_near for one in found),
        "median_mm": round(distances[len(distances) // 2], 1),
        "covering": sum(bool(one.covers) for one in found),
        "far": [one.letter.name for one in found if not one.is_near],
        "over_ink": [one.letter.name for one in found if one.covers],
    }


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table("set", "letters", f"within {result['near_mm']:.0f} mm", "median mm", "over ink", "far")
    for one in result["sets"]:
        figures = (str(one[name]) for name in ("letters", "near", "median_mm", "covering"))
        table.add_row(one["set"], *figures, ", ".join(one["far"] + one["over_ink"]))
    console.print(table)
