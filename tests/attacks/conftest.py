"""The genuine files, stamped once for the whole suite."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from tests.attacks.bases import Bases


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    return Bases.make(tmp_path_factory.mktemp("attacks"))


@pytest.fixture(scope="module", autouse=True)
def keys_read_once() -> Iterator[None]:
    """pyHanko reads and checks its key for every signature, which takes ten times as long as signing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serialization, "load_der_private_key", cache(serialization.load_der_private_key))
        yield
