"""The set-up of the stamping tests, with an archive that can be looked at in any year."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.archive.future import Future, future_of
from tests.stamping import authorities
from tests.stamping.shared_jail import SharedJail, shared_jail
from tests.stamping.stamping_setup import JAIL_TASKS, StampingSetup, TimeStampAuthority, copy_pki
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
async def setup(
    database: TestDatabase, tmp_path: Path, pki: Path, shared_tsa: TimeStampAuthority, jail: SharedJail
) -> AsyncIterator[StampingSetup]:
    copy_pki(pki, tmp_path)
    setup = StampingSetup(database=database, data=tmp_path, tsa=shared_tsa, jail=jail)
    await setup.furnish()
    await setup.start_signer()
    yield setup
    await setup.close()


@pytest_asyncio.fixture
async def future(setup: StampingSetup) -> AsyncIterator[Future]:
    async with future_of(setup) as found:
        yield found
