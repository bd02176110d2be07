"""The `line` fixture: an open queue with real tickets before the site (see tests/waiting_room/line.py)."""

from __future__ import annotations

from pathlib import Path

import pytest_asyncio

from meterai.waiting_room.rules.model import Policy
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import LineOfPeople


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> LineOfPeople:
    """Nobody has joined yet."""
    line = LineOfPeople(tmp_path, database, Policy())
    await line.open()
    return line
