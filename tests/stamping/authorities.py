"""Fixtures of all tests that stamp: the development chain and a time-stamp authority under it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.pki.authority import make_pki
from tests.stamping.stamping_setup import TimeStampAuthority


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("chain") / "pki")


@pytest.fixture(scope="session")
def shared_tsa(pki: Path) -> Iterator[TimeStampAuthority]:
    authority = TimeStampAuthority(pki)
    asyncio.run(authority.start())
    yield authority
    authority.stop()
