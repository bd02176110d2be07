"""`python -m benchmarks webhooks`: messages to webhooks of partners, while some of them hang."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console

from benchmarks.load.webhooks import measure

P99_SECONDS_MAX = 2.0


def bench_webhooks(
    webhooks: Annotated[int, typer.Option(min=20, help="endpoints in all")] = 1_000,
    hanging: Annotated[int, typer.Option(min=0, help="of these, that never answer")] = 100,
    rate: Annotated[float, typer.Option(min=1, help="messages a second to all together")] = 100,
    seconds: Annotated[float, typer.Option(min=1, help="measured")] = 40,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure how long messages wait, with a database and a receiver of its own.

    Exit code 1: a message did not arrive, or one in a hundred waited longer than two seconds.
    """
    result = measure(webhooks=webhooks, hanging=hanging, rate=rate, seconds=seconds)
    if json_output:
        typer.echo(msgspec.json.encode(result).decode())
    else:
        Console().print(
            f"{result['delivered']} of {result['expected']} messages arrived at webhooks that answer; half "
            f"within {result['p50_s']} s, 99 of 100 within {result['p99_s']} s, all within "
            f"{result['longest_s']} s. {result['hanging']} of {result['webhooks']} webhooks hang."
        )
    is_good = result["delivered"] == result["expected"] and result["p99_s"] < P99_SECONDS_MAX
    raise typer.Exit(0 if is_good else 1)
