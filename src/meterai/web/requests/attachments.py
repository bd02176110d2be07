"""Answers that a browser keeps as a file."""

from __future__ import annotations


def attachment(name: str) -> dict[str, str]:
    """The headers of a person's own file, which nobody else may keep. `name`: of plain characters."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
