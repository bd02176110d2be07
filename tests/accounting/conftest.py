"""The `shop` fixture, for tests of what happens to money after a sale."""

from __future__ import annotations

from tests.sales.conftest import shop

__all__ = ["shop"]
