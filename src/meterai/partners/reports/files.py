"""Writes the files of a report while its rows come: CSV, and XLSX. Memory stays flat."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import xlsxwriter

from meterai.kit.formats.csv_export import csv_row
from meterai.partners.reports.tables import Cell

PART_BYTES = 1 << 20
_ROWS_MAX = 1_000_000
"""Of one sheet. Excel takes 1,048,576."""


class ReportFiles:
    """The two files of one report, in a folder of their own that is deleted at the end.

    Used as a context. Its calls work for a while: they belong in a thread.
    """

    def __init__(self, title: str, columns: Sequence[str]) -> None:
        self._title = title[:31]  # as Excel limits names of sheets
        self._columns = list(columns)
        self._folder = tempfile.TemporaryDirectory(prefix="meterai-report-")
        self.csv_path = Path(self._folder.name) / "report.csv"
        self.xlsx_path = Path(self._folder.name) / "report.xlsx"
        self._csv = self.csv_path.open("w", encoding="utf-8", newline="")
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(self.xlsx_path, {**options, "tmpdir": self._folder.name})
        self._bold = self._book.add_format({"bold": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._rows = 0
        self._csv.write("\ufeff" + csv_row(self._columns))
        self._begin_sheet()

    def __enter__(self) -> ReportFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._csv.close()
        self._folder.cleanup()

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Writes further rows into both files."""
        self._csv.writelines(csv_row(map(_text, row)) for row in rows)
        for row in rows:
            self._rows += 1
            if self._rows > _ROWS_MAX:
                self._begin_sheet()
                self._rows = 1
            for column, cell in enumerate(row):
                self._write(column, cell)

    def finish(self, summary: Mapping[str, int], title: str) -> None:
        """Ends both files. The workbook gets a last sheet with the sums."""
        self._csv.close()
        sheet = self._book.add_worksheet(title[:31])
        for number, (name, amount) in enumerate(summary.items()):
            sheet.write_string(number, 0, name)
            sheet.write_number(number, 1, amount)
        self._book.close()

    def _begin_sheet(self) -> None:
        sheets = len(self._book.worksheets())
        self._sheet = self._book.add_worksheet(
            self._title if not sheets else f"{self._title[:27]} {sheets + 1}"
        )
        for column, name in enumerate(self._columns):
            self._sheet.write_string(0, column, name, self._bold)

    def _write(self, column: int, cell: Cell) -> None:
        if isinstance(cell, int):
            self._sheet.write_number(self._rows, column, cell)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._rows, column, cell, self._day)
        elif cell is not None:
            self._sheet.write_string(self._rows, column, cell)


def parts_of(path: Path) -> Iterator[bytes]:
    """Reads a file in parts of `PART_BYTES`."""
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            yield part


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, date) else str(cell)
