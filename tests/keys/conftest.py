"""One SoftHSM2 for the session. This process uses it through the real module."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.keys.rotating_setup import RotatingSetup
from tests.keys.soft_hsm import SoftHsm
from tests.stamping import authorities
from tests.stamping.shared_jail import SharedJail, shared_jail
from tests.stamping.stamping_setup import JAIL_TASKS, TimeStampAuthority, copy_pki
from tests.storage_fixtures import TestDatabase

pki, shared_tsa = authorities.pki, authorities.shared_tsa


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """A token `meterai` with an RSA key `stamp-1`, one of P-256 `stamp-2`, and another RSA key `other`."""
    device = SoftHsm(tmp_path_factory.mktemp("hsm") / "device")
    device.make_token("meterai")
    device.make_key("meterai", "stamp-1", id="01")
    device.make_key("meterai", "stamp-2", id="02", kind="EC:prime256v1")
    device.make_key("meterai", "other", id="03")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = device.environment["SOFTHSM2_CONF"]
    yield device
    os.environ.pop("SOFTHSM2_CONF")
    if before is not None:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture(scope="session")
def jail() -> Iterator[SharedJail]:
    with shared_jail(JAIL_TASKS) as shared:
        yield shared


@pytest_asyncio.fixture
async def setup(
    database: TestDatabase,
    tmp_path: Path,
    pki: Path,
    shared_tsa: TimeStampAuthority,
    jail: SharedJail,
    hsm: SoftHsm,
) -> AsyncIterator[RotatingSetup]:
    """The set-up with customer and lot; the signer does not run yet.

    Development key and HSM are available.
    """
    copy_pki(pki, tmp_path)
    hsm.write_pin(tmp_path / "secrets" / "pkcs11-pin")
    setup = RotatingSetup(database=database, data=tmp_path, tsa=shared_tsa, jail=jail, hsm=hsm)
    await setup.furnish()
    yield setup
    await setup.close()
