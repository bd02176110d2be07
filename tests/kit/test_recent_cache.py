"""Kept values are found, and their number is limited."""

from __future__ import annotations

import pytest

from meterai.kit import recent_cache


def test_a_full_memory_forgets_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_cache, "CACHED_MAX", 2)
    seen = recent_cache.RecentCache[str, int]()
    for number, name in enumerate(("satu", "dua")):
        seen.keep(name, number)
    assert (seen.get("satu"), seen.get("dua")) == (0, 1)
    seen.keep("tiga", 2)
    assert seen == {"tiga": 2}
