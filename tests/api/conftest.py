"""Partners before a running site."""

from __future__ import annotations

import pytest

from tests.api.partner import Tokens
from tests.web.conftest import running

__all__ = ["running", "tokens"]


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Tokens:
    """The tokens that the site knows."""
    return Tokens(monkeypatch)
