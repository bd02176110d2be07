"""Tables for spreadsheets: names that strangers gave their files are words, never formulas."""

import csv
from io import StringIO

import pytest

from meterai.kit.formats.csv_export import csv_table


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_name_becomes_a_formula(name: str) -> None:
    rows = list(csv.reader(StringIO(csv_table(("file", "state"), [(name, "stamped")]), newline="")))
    assert rows == [["file", "state"], [f"'{name}", "stamped"]]


def test_other_names_stay_as_they_are() -> None:
    names = ['surat, "baru".pdf', "a=b.pdf", "dua\nbaris", ""]
    rows = list(csv.reader(StringIO(csv_table(("file",), [(name,) for name in names]), newline="")))
    assert rows == [["file"], *([name] for name in names)]
