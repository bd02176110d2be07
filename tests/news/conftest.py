"""Commands of an officer about news."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.run_here import RunHere
from tests.storage_fixtures import TestDatabase

type Command = Callable[..., Awaitable[str]]


@pytest.fixture
def meterai(database: TestDatabase, run_here: RunHere, tmp_path: Path) -> Command:
    """Gives a command with the operator's role. Returns what it printed."""
    env = {"METERAI_DATABASE_OPERATOR_URL": database.urls.operator}

    async def run(*words: str) -> str:
        ended = await asyncio.to_thread(run_here, *words, "--data", str(tmp_path), env=env)
        return ended.stdout + ended.stderr

    return run
