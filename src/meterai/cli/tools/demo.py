"""`meterai demo`: the applicant's whole path over HTTP against the running service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from meterai.cli.data_folder import DataOption, data_folder

STEPS = {
    "open": "open the CASN page",
    "form": "open the upload form",
    "join": "take a place in line at the gate",
    "wait_page": "look at the wait page",
    "status": "look at the queue's status",
    "claim": "be called and knock at the door",
    "upload": "upload, inspect in the jail, propose a place",
    "page_image": "see the page as an image",
    "place": "place the stamp",
    "ask_code": "ask for a contact code",
    "code_arrives": "code arrives by e-mail (SMTP)",
    "give_code": "give the code",
    "order": "order and charge",
    "kill_gateway": "kill the gateway (SIGKILL), see it come back",
    "pay": "pay at the sandbox gateway",
    "paid_to_stamped": "notice, settlement, stamping",
    "download": "download the stamped file",
}


class Gateway(StrEnum):
    """A payment gateway of the sandbox."""

    MIDTRANS = "midtrans"
    SNAP = "snap"


def demo(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="PDF files to stamp; none: a letter of ours", exists=True, dir_okay=False),
    ] = None,
    gateway: Annotated[
        Gateway | None,
        typer.Option(
            help="the gateway that must have the payment: METERAI_PAYMENT_GATEWAYS of the service names it "
            "first; else any"
        ),
    ] = None,
    kill_gateway: Annotated[
        bool, typer.Option("--kill-gateway", help="kill the gateway once the payment is open")
    ] = False,
    out: Annotated[Path, typer.Option(help="folder for the stamped files")] = Path(),
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    data: DataOption = None,
) -> None:
    """Buy, pay, stamp, download and verify FILES as an applicant would. Exit code 1: one is not genuine.

    `meterai demo partner` shows what a program of a partner does.
    """
    command = [
        sys.executable,
        "-m",
        "simulator.crowd.demo",
        "--data",
        str(data_folder(data)),
        "--out",
        str(out),
        "--gateway",
        gateway or "",
        *(["--kill-gateway"] if kill_gateway else []),
    ]
    talk = Console(stderr=True)
    code, steps, final = play([*command, *map(str, files or [])], STEPS, talk)
    if json_output:
        print(json.dumps({"steps": steps, **final}))
    elif "error" in final:
        talk.print(final["error"], style="red", markup=False)
    elif final:  # else the driver has said on stderr what it died of
        Console().print(_verdicts(final))
    raise typer.Exit(code)


def play(
    command: Sequence[str], words: Mapping[str, str], talk: Console
) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """Runs a program of the crowd and shows each step as it ends.

    Returns its exit code, the steps, and what it said at last.
    """
    steps: list[dict[str, Any]] = []
    final: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if "step" in said:
                steps.append(said)
                talk.print(f"  {words[said['step']]:<46}{said['milliseconds']:>9.1f} ms", highlight=False)
            else:
                final = said
    return process.returncode, steps, final


def _verdicts(final: dict[str, Any]) -> Table:
    table = Table(title=f"Order {final['order']}", caption=final["link"])
    for head in ("stamped file", "serial number", "verdict", "register"):
        table.add_column(head, overflow="fold")
    for file in final["files"]:
        table.add_row(escape(file["output"]), "\n".join(file["serials"]), file["verdict"], file["register"])
    return table
