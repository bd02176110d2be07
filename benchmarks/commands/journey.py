"""`python -m benchmarks journey`: people come at a set rate, stand in line, buy, get a stamp and check it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.commands.order import show_figures
from benchmarks.commands.side_by_side import print_result, result_of_crowd
from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.queue import everybody_in_line


def bench_journey(
    rate: Annotated[float, typer.Option(min=0.1, help="people who come, a second")] = 20,
    seconds: Annotated[float, typer.Option(min=5, help="measured")] = 60,
    warm_up_seconds: Annotated[
        float, typer.Option(min=0, help="people come before that, so that the line and the rate settle")
    ] = 60,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="time to finish afterwards, for those who are under way")
    ] = 120,
    think_seconds: Annotated[float, typer.Option(min=0, help="between two steps; half to double of it")] = 2,
    size_bytes: Annotated[int, typer.Option(min=3000, help="size of each document")] = 150_000,
    apart: Annotated[bool, typer.Option(help="product on CPU 0, crowd and twins on CPU 1")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    data: DataOption = None,
) -> None:
    """Measure the running service behind its waiting room.

    Exit code 1: something was lost, a sampled file was not genuine, or nobody was finished.
    """
    told = {
        "--rate": rate,
        "--seconds": seconds,
        "--warm-up-seconds": warm_up_seconds,
        "--drain-seconds": drain_seconds,
        "--think-seconds": think_seconds,
        "--size-bytes": size_bytes,
    }
    words = [word for pair in told.items() for word in pair] + ["--apart"] * apart
    with everybody_in_line(data, "casn", "python -m benchmarks journey"):
        result = result_of_crowd("benchmarks.load.journey", "--data", data_folder(data), *words)
        print_result(result, _show, as_json=json_output)
    is_sound = result["finished"] and not result["lost"] and result["verified"] == result["sampled"]
    raise typer.Exit(0 if is_sound else 1)


def _show(result: dict[str, Any]) -> None:
    Console().print(
        f"{result['came']} people came in {result['seconds']} s ({result['offered_per_second']} a second): "
        f"{result['finished_per_second']} journeys finished a second, "
        f"{result['cpu_ms_per_order']} ms CPU each; "
        f"p95 behind the gate {result['p95_ms_behind_the_gate']:.0f} ms; door found full {result['shed']}; "
        f"refused {result['refused']}, lost {result['lost']}, "
        f"still under way {result['unfinished']}, {result['verified']} files judged by the driver"
    )
    show_figures(result)
