"""Alice's house, with an archive that can be looked at in any year."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.archive.future import Future, future_of
from tests.stamping import authorities
from tests.stamping.house import JAIL_TASKS, House, TimeStampAuthority, copy_pki
from tests.stamping.shared_jail import SharedJail, shared_jail
from tests.storage_fixtures import TestDatabase

ARCHIVE_TASKS = [
    "meterai.stamping.in_jail.archive_extension:look",
    "meterai.stamping.in_jail.archive_extension:extend",
]

pki, shared_tsa = authorities.pki, authorities.shared_tsa


@pytest.fixture(scope="session")
def jail() -> Iterator[SharedJail]:
    with shared_jail([*JAIL_TASKS, *ARCHIVE_TASKS]) as shared:
        yield shared


@pytest_asyncio.fixture
async def house(
    database: TestDatabase, tmp_path: Path, pki: Path, shared_tsa: TimeStampAuthority, jail: SharedJail
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
