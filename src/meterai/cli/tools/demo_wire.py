"""`meterai demo wire`: a client of the wire that integrators already speak, at the running service."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.tools.demo import STEPS, play

WIRE_STEPS: Final = {
    **{name: STEPS[name] for name in ("ask_code", "code_arrives", "give_code")},
    "sandbox_page": "open the page of the sandbox",
    "test_client": "take a test client and 1,000 stamps",
    "wire": "switch the wire on, and take a login",
    "login": "log in",
    "balance": "ask for the balance",
    "upload": "upload the document",
    "take": "take a serial number",
    "order": "order the serial numbers of a batch",
    "hear": "get them by webhook",
    "keep": "save the picture of the stamp",
    "sign": "have the document stamped (docSigningZ)",
    "read": "read the stamped file",
    "fetch": "download the stamped file",
    "see": "ask for the state of the serial number",
    "client": "client killed between two calls",
    "adapter": "adapter killed between two calls, and in one",
    "site": "site killed between two calls, and in one",
    "worker": "worker killed between two calls, and in one",
}


class Mode(StrEnum):
    """How a client has its documents stamped."""

    ONPREM = "onprem"
    CLOUD = "cloud"
    BATCH = "batch"


def demo_wire(
    mode: Annotated[Mode, typer.Option(help="how the documents are stamped")] = Mode.ONPREM,
    kill_each_call: Annotated[
        bool, typer.Option("--kill-each-call", help="in every mode, kill either side between any two calls")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    data: DataOption = None,
) -> None:
    """Stamp documents as an existing client of the wire does, with an adapter beside it.

    Exit code 1: something was not as documented.
    """
    place = ["--data", str(data_folder(data))]
    words = ["kills", *place] if kill_each_call else ["demo", *place, "--mode", mode]
    talk = Console(stderr=True)
    command = [sys.executable, "-m", f"simulator.crowd.wire.{words[0]}", *words[1:]]
    code, steps, final = play(command, WIRE_STEPS, talk)
    if json_output:
        print(json.dumps({"steps": steps, **final}))
    elif "error" in final:
        talk.print(final["error"], style="red", markup=False)
    elif final:  # else the driver has said on stderr what it died of
        Console().print(_counts(final) if kill_each_call else _files(final))
    raise typer.Exit(code)


def _files(final: dict[str, Any]) -> Table:
    title = f"{final['mode']}: used {final['used']}, unused {final['unused']}, left {final['left']:,}"
    table = Table(title=title, caption=f"login {final['user']}")
    for head in ("stamped file", "serial number", "with the register", "offline"):
        table.add_column(head, overflow="fold")
    for file in final["files"]:
        table.add_row(escape(file["file"]), file["serial"], file["verdict"], file["offline"])
    return table


def _counts(final: dict[str, Any]) -> Table:
    table = Table(title=f"Killed {sum(final['kills'].values())} processes", show_header=False)
    for what, killed in final["kills"].items():
        table.add_row(f"killed: {what}", str(killed))
    table.add_row("documents, stamped", f"{final['documents']}, {final['stamped']}")
    table.add_row("stamps used", str(final["used"]))
    table.add_row("unused serial numbers, listed", f"{final['unused']}, {final['unused_listed']}")
    table.add_row("calls made again", str(final["tries"]))
    for problem in final["problems"]:
        table.add_row("[red]not as it must be[/red]", escape(problem))
    return table
