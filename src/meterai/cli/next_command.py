"""After a dry run: the whole command that does what was shown."""

from __future__ import annotations

import shlex
import sys

import typer

DRY_RUN = "--dry-run"


def show_next_command(*more: str) -> None:
    """Prints the command that was typed, with all its options but --dry-run.

    It goes to stderr, for stdout may be JSON. `more`: words that it still needs.
    """
    words = [word for word in sys.argv[1:] if word != DRY_RUN]
    typer.echo(f"Next: {shlex.join(['meterai', *words, *more])}", err=True)
