"""An evening in which much goes wrong and nobody cheats: an audit finds nothing, at any time of it.

`python -m tests.players.evenings` plays long ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.players.evenings import troubles
from tests.players.evenings.play import Play
from tests.storage_fixtures import TestDatabase


@pytest.mark.storage
async def test_an_honest_evening_is_never_accused(database: TestDatabase, tmp_path: Path) -> None:
    wrong = (
        troubles.database_away,
        troubles.controller_returns,
        troubles.clock_ahead,
        troubles.site_silent,
        troubles.restored,
    )
    played = await Play(database, tmp_path, 7, troubles=wrong, pace_s=25).run()
    assert played.problems == []
    assert sum(played.claims.values()) > 50
