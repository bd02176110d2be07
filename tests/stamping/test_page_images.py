"""Recent page images are found by their bytes, page and width, for a while."""

from __future__ import annotations

import pytest

from meterai.stamping import page_images
from meterai.stamping.queries import image_at_hand


def test_an_image_is_at_hand_for_its_very_bytes_page_and_width() -> None:
    page_images.keep("a" * 64, 1, 720, b"jpeg")
    assert image_at_hand("a" * 64, 1, 720) == b"jpeg"
    assert image_at_hand("b" * 64, 1, 720) is None
    assert image_at_hand("a" * 64, 2, 720) is None
    assert image_at_hand("a" * 64, 1, 100) is None


def test_an_old_image_is_found_only_by_who_asked_whether_it_may_be_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 1_000.0)
    page_images.keep("c" * 64, 1, 720, b"jpeg")
    monkeypatch.setattr("time.monotonic", lambda: 1_601.0)
    assert image_at_hand("c" * 64, 1, 720) is None
    assert page_images.find("c" * 64, 1, 720) == b"jpeg"
