"""`python -m benchmarks NAME`: the figures of docs/benchmarks.md. Run it in the folder of the checkout."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import typer

from meterai.cli.main import message_of
from meterai.kit.installation import default_data

COMMANDS: Final = {
    "stamp": ("benchmarks.commands.stamp", "bench_stamp", "Measure stamping."),
    "verify": ("benchmarks.commands.verify", "bench_verify", "Measure judging."),
    "order": ("benchmarks.commands.order", "bench_order", "Measure whole orders over HTTP."),
    "steps": ("benchmarks.commands.steps", "bench_steps", "Measure what each step of a purchase costs."),
    "journey": ("benchmarks.commands.journey", "bench_journey", "Measure journeys from line to stamp."),
    "queue": ("benchmarks.commands.queue", "bench_queue", "Measure the gate of the waiting room."),
    "keys": ("benchmarks.commands.keys", "bench_keys", "Measure a key in a PKCS#11 token."),
    "placing": ("benchmarks.commands.placing", "bench_placing", "Measure where stamps are proposed."),
    "promises": ("benchmarks.commands.promises", "bench_promises", "Measure the queue's promises."),
    "scale": ("benchmarks.commands.scale", "bench_scale", "Measure small hosts until PostgreSQL is full."),
    "api-stamp": (
        "benchmarks.commands.api_stamp",
        "bench_api_stamp",
        "Measure a stamp through the API beside an order.",
    ),
    "wire": ("benchmarks.commands.wire", "bench_wire", "Measure hashes signed for an adapter."),
    "bundle": ("benchmarks.commands.bundle", "bench_bundle", "Measure a partner's bundle with kills."),
    "webhooks": (
        "benchmarks.commands.webhooks",
        "bench_webhooks",
        "Measure messages to webhooks of partners.",
    ),
}
"""Name of the command -> module, function, what it does."""


def main() -> None:
    """Runs one benchmark."""
    if not os.environ.get("METERAI_DATA"):
        os.environ["METERAI_DATA"] = str(default_data())
    app = typer.Typer(help="Measure the service.", no_args_is_help=True, pretty_exceptions_enable=False)
    for name, (module, function, summary) in COMMANDS.items():
        app.command(name, help=summary)(getattr(importlib.import_module(module), function))
    try:
        app(prog_name="python -m benchmarks")
    except Exception as error:
        if not (text := message_of(error)):
            raise
        print(text, file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
