"""The table of docs/reliability.md has each row that is played, and no other."""

from __future__ import annotations

import re

import pytest

from chaos.__main__ import chosen
from chaos.planted import PLANTS
from chaos.rows import ROWS
from tests.launcher.test_scripts import ROOT


def test_each_row_stands_in_the_documents_once() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    told = {int(number): name for number, name in re.findall(r"^\| (\d+) \| ([^|]+) \|", text, re.M)}
    assert told == {row.number: row.name for row in ROWS}
    assert len(told) == len(ROWS)


def test_each_planted_bug_stands_in_the_documents_with_its_checker() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (\w+) \|", text, re.M))
    assert told == {plant.name: plant.checker for plant in PLANTS.values()}
    assert len(set(told.values())) == len(told), "each checker has one bug of its own"


def test_rows_are_chosen_by_number_in_the_order_of_play() -> None:
    assert [row.number for row in chosen("3,1", short=False)] == [1, 3]
    assert [row.number for row in chosen(None, short=True)] == [row.number for row in ROWS if row.short]
    with pytest.raises(ValueError, match="no row 99"):
        chosen("1,99", short=False)
