"""Sentences for people change on purpose only: each is compared with `wording.json`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.texts.wording import GOLDEN, wording

ARE = wording()
WERE: dict[str, Any] = json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("table", sorted(ARE))
def test_every_sentence_reads_as_before(table: str) -> None:
    are, were = ARE[table], WERE[table]
    assert {code: text for code, text in are.items() if were.get(code) != text} == {}
    assert were.keys() - are.keys() == set()
