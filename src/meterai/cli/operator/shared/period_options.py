"""The options --from and --until of commands about business dates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

_DAY = ["%Y-%m-%d"]
FirstOption = Annotated[
    datetime | None, typer.Option("--from", formats=_DAY, help="First business date (WIB); else today.")
]
LastOption = Annotated[
    datetime | None, typer.Option("--until", formats=_DAY, help="Last one, included; else the first.")
]


def period(first: datetime | None, last: datetime | None, *, today: date) -> tuple[date, date]:
    """The first and the last business date. Raises: typer.BadParameter when the last is before the first."""
    begin = first.date() if first else today
    end = last.date() if last else begin
    if end < begin:
        raise typer.BadParameter("the last business date is before the first", param_hint="--until")
    return begin, end


def open_period(first: datetime | None, last: datetime | None, *, today: date) -> tuple[date | None, date]:
    """The same of a period that begins with the first booking, and ends today, if it is not limited."""
    begin = first.date() if first else None
    end = last.date() if last else today
    if begin is not None and end < begin:
        raise typer.BadParameter("the last business date is before the first", param_hint="--until")
    return begin, end
