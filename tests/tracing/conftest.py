"""What tests of traces share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meterai.kit.tracing import spans
from meterai.kit.tracing.spans import Done


@pytest.fixture
def ended() -> Iterator[list[Done]]:
    """Switches traces on, and gives the spans that end."""
    kept: list[Done] = []
    spans.send_to(kept.append)
    yield kept
    spans.send_to(None)
