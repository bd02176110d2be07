"""Rows of a CSV file that may come from anybody."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

type Row = tuple[int, dict[str, str]]
"""Its line in the file, and its cells by column."""


def read_rows(
    raw: bytes,
    columns: Sequence[str],
    *,
    bytes_max: int,
    rows_max: int,
    refuse: Callable[[str, int], NoReturn],
) -> Iterator[Row]:
    """The rows of a CSV in UTF-8 that has at least `columns`, whose names may differ in case and signs.

    Calls `refuse` with a reason and a line when the file is too large, no CSV, or its rows do not fit.
    """
    if len(raw) > bytes_max:
        refuse("size", 0)
    try:
        table = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        names = [re.sub(r"\W+", "_", name.strip().lower()) for name in next(table, [])]
        if not set(columns) <= set(names) or len(set(names)) < len(names):
            refuse("columns", 1)
        for number, cells in enumerate(table):
            if number >= rows_max:
                refuse("size", table.line_num)
            if cells:
                if len(cells) != len(names):
                    refuse("columns", table.line_num)
                yield table.line_num, dict(zip(names, map(str.strip, cells), strict=True))
    except (UnicodeDecodeError, csv.Error):
        refuse("no_csv", 0)
