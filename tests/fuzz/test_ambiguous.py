"""The fuzzer finds uploads that can be read in two ways when nobody compares them."""

from __future__ import annotations

import random

import pytest

from meterai.stamping.in_jail import upload
from tests.fuzz.ambiguous import EDITS, check_ambiguous

TRIED = 300
"""Recipes with a fixed chance. It takes about a second to try them without the comparison."""


def recipes() -> list[bytes]:
    chance = random.Random("ambiguous")
    return [
        bytes(
            (chance.randrange(4), chance.randrange(len(EDITS)), chance.randrange(256), chance.randrange(256))
        )
        + bytes(chance.randrange(256) for _ in range(3 * chance.randrange(2)))
        + bytes(2)
        for _ in range(TRIED)
    ]


def test_without_the_comparison_it_finds_an_ambiguous_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "compare", lambda *_: [])
    with pytest.raises(AssertionError, match="the upload shows something else"):
        _check_all(recipes())


def test_with_the_comparison_it_finds_none() -> None:
    _check_all(recipes()[:60])


def _check_all(tried: list[bytes]) -> None:
    for recipe in tried:
        check_ambiguous(recipe)
