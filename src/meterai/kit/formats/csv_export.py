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
    table = csv.writer(out)
    table.writerow(columns)
    for row in rows:
        table.writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row)
    return out.getvalue()
