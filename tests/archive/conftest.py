"""Alice's house, with an archive that can be looked at in any year."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.archive.future import Future, future_of
from tests.stamping.house import JAIL_TASKS, House, TimeStampAuthority, copy_pki
from tests.storage_fixtures import TestDatabase

from meterai.kit.pdf.jail import JailPool
from sandbox.pki import make_pki

ARCHIVE_TASKS = ["meterai.stamping.archive.extension:look", "meterai.stamping.archive.extension:extend"]


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("archive") / "pki")


@pytest.fixture(scope="session")
def shared_tsa(pki: Path) -> Iterator[TimeStampAuthority]:
    authority = TimeStampAuthority(pki)
    asyncio.run(authority.start())
    yield authority
    authority.stop()


@pytest_asyncio.fixture
async def jail() -> AsyncIterator[JailPool]:
    pool = JailPool([*JAIL_TASKS, *ARCHIVE_TASKS], slots=1)
    await pool.start()
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def house(
    database: TestDatabase, tmp_path: Path, pki: Path, shared_tsa: TimeStampAuthority, jail: JailPool
) -> AsyncIterator[House]:
    copy_pki(pki, tmp_path)
    house = House(database=database, data=tmp_path, tsa=shared_tsa, jail=jail)
    await house.furnish()
    await house.start_signer()
    yield house
    await house.close()


@pytest_asyncio.fixture
async def future(house: House) -> AsyncIterator[Future]:
    async with future_of(house) as found:
        yield found
