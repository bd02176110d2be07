"""The common set-up: Alice owns a lot of stamps; signer, time-stamp authority and jail are real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.stamping import authorities
from tests.stamping.shared_jail import SharedJail, shared_jail
from tests.stamping.stamping_setup import JAIL_TASKS, StampingSetup, TimeStampAuthority, copy_pki
from tests.storage_fixtures import TestDatabase

pki, shared_tsa = authorities.pki, authorities.shared_tsa


@pytest.fixture(scope="session")
def jail() -> Iterator[SharedJail]:
    with shared_jail(JAIL_TASKS) as shared:
        yield shared


@pytest_asyncio.fixture
async def front(
    database: TestDatabase, tmp_path: Path, pki: Path, shared_tsa: TimeStampAuthority, jail: SharedJail
) -> AsyncIterator[StampingSetup]:
    """The set-up without a signer, for tests of the steps before signing."""
    copy_pki(pki, tmp_path)
    setup = StampingSetup(database=database, data=tmp_path, tsa=shared_tsa, jail=jail)
    await setup.furnish()
    yield setup
    await setup.close()


@pytest_asyncio.fixture
async def setup(front: StampingSetup) -> StampingSetup:
    """The set-up with customer and lot, and a running signer."""
    await front.start_signer()
    return front
