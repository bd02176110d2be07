"""Tables that a spreadsheet opens (CSV, RFC 4180), with words of strangers in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_table(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Writes the table as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe
    first."""
    out = io.StringIO()
    csv.writer(out).writerow(columns)
    return out.getvalue() + "".join(map(csv_row, rows))


def csv_row(row: Iterable[str]) -> str:
    """Writes one row of such a table."""
    out = io.StringIO()
    csv.writer(out).writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row)
    return out.getvalue()
