"""The genuine files, stamped once for the whole suite."""

from __future__ import annotations

import pytest

from tests.attacks.bases import Bases


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    return Bases.make(tmp_path_factory.mktemp("attacks"))
