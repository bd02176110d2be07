"""`meterai demo partner`: a partner's first day, over HTTP against the running service."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.tools.demo import STEPS, play

PARTNER_STEPS: Final = {
    **{name: STEPS[name] for name in ("ask_code", "code_arrives", "give_code")},
    "sandbox_page": "open the page of the sandbox",
    "test_client": "take a test client, its key and 1,000 stamps",
    "token": "get a token (private_key_jwt)",
    "webhook": "add a webhook at a receiver on this machine",
    "stamp": "stamp a document in one call",
    "verify": "download and verify the stamped file",
    "message": "get the signed message about it",
    "bundle": "stamp a bundle of three documents",
    "scenarios": "play the four scenarios",
    "report": "ask for the month's report, and read it",
}


def demo_partner(
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    data: DataOption = None,
) -> None:
    """Spend a partner's first day in the sandbox: key, token, stamps, bundle, webhook, scenarios, report.

    Exit code 1: something was not as documented.
    """
    command = [sys.executable, "-m", "simulator.crowd.partner_demo", "--data", str(data_folder(data))]
    talk = Console(stderr=True)
    code, steps, final = play(command, PARTNER_STEPS, talk)
    if json_output:
        print(json.dumps({"steps": steps, **final}))
    elif "error" in final:
        talk.print(final["error"], style="red", markup=False)
    elif final:  # else the driver has said on stderr what it died of
        Console().print(_outcome(final))
    raise typer.Exit(code)


def _outcome(final: dict[str, Any]) -> Table:
    table = Table(title=f"Client {final['client']}", show_header=False)
    table.add_row("the stamped file", f"{', '.join(final['verdicts'])} (SPESIMEN)")
    for scenario, end in final["scenarios"].items():
        table.add_row(scenario, end)
    table.add_row("signed messages", str(final["messages"]))
    table.add_row("report of the stock", f"{final['report']['month']}, lines: {final['report']['lines']}")
    table.add_row("stamps used, left", f"{final['used']}, {final['left']:,}")
    return table
