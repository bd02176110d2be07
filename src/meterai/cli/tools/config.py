"""`meterai config`: every setting, its value in this shell and in the running service, its meaning."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from meterai.cli.data_folder import DataOption, data_folder
from meterai.kernel.refusals import Refusal
from meterai.kit.installation import read_addresses
from meterai.kit.secret_settings import SECRETS, credential_of
from meterai.kit.settings import describe, from_environment
from meterai.sales.events import load_events

_SECRET = ("KEY", "TOKEN", "PASSWORD", "URL")


def config(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: DataOption = None,
) -> None:
    """Show every setting: its environment variable, its value in this shell, its meaning.

    Where a service runs, what it was started with is shown beside it. Exit code 1 when something can't be
    read, the events file too: a service that is restarted with it would stay down.
    """
    settings = from_environment()  # says which one can't be read
    service = _of_service(data_folder(data).absolute())
    rows = [
        {
            "name": name,
            "value": _shown(name, os.environ),
            "service": None if service is None else _shown(name, service),
            "default": default,
            "meaning": meaning,
        }
        for name, default, meaning in describe()
    ]
    if as_json:
        typer.echo(msgspec.json.encode(rows).decode())
    else:
        _print_table(rows, has_service=service is not None)
    if settings.events_file:
        try:
            load_events(Path(settings.events_file))
        except (OSError, ValueError) as error:
            typer.echo(f"METERAI_EVENTS_FILE ({settings.events_file}) can't be read: {error}", err=True)
            raise typer.Exit(1) from None


def _print_table(rows: Sequence[Mapping[str, str | None]], *, has_service: bool) -> None:
    places = ["value", "service"] if has_service else ["value"]
    table = Table(Column("Setting", no_wrap=True))
    for head in (*({"value": "In this shell", "service": "In the service"}[p] for p in places), "Meaning"):
        table.add_column(head, overflow="fold")
    for row in rows:
        shown = (_marked(row[place], row["default"]) for place in places)
        table.add_row(row["name"], *shown, escape(row["meaning"] or ""))
    Console().print(table)
    if not has_service:
        typer.echo("No service runs on this data directory, or it is another user's.")


def _of_service(data: Path) -> dict[str, str] | None:
    """The variables with which the service of `data` was started; None when they can't be read."""
    try:
        addresses = read_addresses(data)
        content = Path(f"/proc/{addresses.pid}/environ").read_bytes()
    except (Refusal, OSError):
        return None
    variables = dict(one.split("=", 1) for one in os.fsdecode(content).split("\0") if "=" in one)
    port = urlsplit(addresses.site).port  # both may have come as options
    told = {"METERAI_DATA": str(data)} | ({"METERAI_PORT": str(port)} if port else {})
    return variables | told


def _marked(value: str | None, default: str | None) -> str:
    return f"[bold]{escape(value)}[/]" if value else f"[dim]{escape(default or '') or 'empty'}[/]"


def _shown(name: str, variables: Mapping[str, str]) -> str:
    value = variables.get(name, "")
    if not value and name in SECRETS and (file := variables.get(f"{name}_FILE")):
        return f"(in {file})"
    if not value and credential_of(name, variables):
        return "(a credential)"
    may_be_told = name.endswith("URL") and "@" not in value and "password" not in value
    hidden = value and any(part in name for part in _SECRET) and not may_be_told
    return "(set)" if hidden else value
