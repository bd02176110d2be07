"""`meterai config`: every setting, what it is now and what it means."""

from __future__ import annotations

import os
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from meterai.kit.settings import describe, from_environment

_SECRET = ("KEY", "TOKEN", "PASSWORD", "URL")


def config(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show every setting: its environment variable, its value now, its meaning."""
    from_environment()  # says which one can't be read
    rows = [(name, _shown(name), default, meaning) for name, default, meaning in describe()]
    if as_json:
        fields = ("name", "value", "default", "meaning")
        typer.echo(msgspec.json.encode([dict(zip(fields, row, strict=True)) for row in rows]).decode())
        return
    table = Table("Setting", "Value", "Meaning")
    for name, value, default, meaning in rows:
        shown = f"[bold]{escape(value)}[/]" if value else f"[dim]{escape(default) or 'empty'}[/]"
        table.add_row(name, shown, escape(meaning))
    Console().print(table)


def _shown(name: str) -> str:
    value = os.environ.get(name, "")
    may_be_told = name.endswith("URL") and "@" not in value and "password" not in value
    hidden = value and any(part in name for part in _SECRET) and not may_be_told
    return "(set)" if hidden else value
