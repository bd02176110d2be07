"""A file that another library built around a hash of ours: signed by the signer, genuine by the register."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.timestamps import TimeStamper

from meterai.stamping.use_cases.date_hash import date_hash
from meterai.stamping.use_cases.hash_chain import hash_chain
from meterai.verification.model import Judgement, RegisterAnswer, Verdict
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import judge_document
from meterai.verification.use_cases.look_up_serial import look_up_serial
from tests.partners.organisations import make_chain
from tests.stamping.hash_setup import HashSetup, SiteAlone
from tests.stamping.stamping_setup import TimeStampAuthority, copy_pki
from tests.storage_fixtures import TestDatabase
from tests.verification.adapter_of_others import Adapter, RemoteSigner
from tests.verification.making import OpenJail, letter

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def setup(
    database: TestDatabase, tmp_path: Path, pki: Path, shared_tsa: TimeStampAuthority
) -> AsyncIterator[HashSetup]:
    chain = await make_chain(database.operator, now=datetime.now(UTC))
    copy_pki(pki, tmp_path, for_hashes=True)
    setup = HashSetup(database, tmp_path, shared_tsa.url, chain.enterprise)
    async with setup.signer(SiteAlone()):
        yield setup


class OurTimeStamps(TimeStamper):
    """Time stamps of signatures, as the service gives them to adapters."""

    def __init__(self, setup: HashSetup, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._setup, self._loop = setup, loop

    async def async_dummy_response(self, md_algorithm: str) -> cms.ContentInfo:
        return cms.ContentInfo({"content_type": "data", "content": bytes(8000)})

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        asked = date_hash(
            self._setup.database.site,
            self._setup.client,
            organisation_id=self._setup.firm.id,
            imprint=message_digest,
        )
        return cms.ContentInfo.load(asyncio.run_coroutine_threadsafe(asked, self._loop).result())


async def stamped_outside(setup: HashSetup, data: bytes, serial: str) -> bytes:
    """The file that pyHanko makes of `data`, as the adapter of another maker."""
    loop, source = asyncio.get_running_loop(), hashlib.sha256(data).digest()

    def sign(attributes: bytes) -> bytes:
        asked = setup.sign(serial, attributes, source=source)
        return asyncio.run_coroutine_threadsafe(asked, loop).result().signature

    chain = [asn1_x509.Certificate.load(one) for one in await hash_chain(setup.client)]
    signer, times = RemoteSigner(sign, chain), OurTimeStamps(setup, loop)
    adapter = Adapter()
    return await asyncio.to_thread(adapter.stamp, data, None, serial, signer=signer, time_stamper=times)


async def test_a_file_of_another_maker_is_genuine_by_the_register_until_a_newer_one_is_signed(
    setup: HashSetup,
) -> None:
    trust, now = load_trust(setup.data / "pki" / "trust"), datetime.now(UTC)

    async def judged(data: bytes, *, offline: bool = False) -> Judgement:
        db = None if offline else setup.database.reader
        return await judge_document(db, OpenJail(), data, trust=trust, now=now)  # type: ignore[arg-type]

    serial = await setup.take()
    assert (await look_up_serial(setup.database.reader, serial)).state == "unstamped"
    first = await stamped_outside(setup, letter(), serial)
    assert (await judged(first, offline=True)).reasons == ("stamp.by_hash", "register.not_asked")
    genuine = await judged(first)
    assert (genuine.verdict, genuine.register) == (Verdict.GENUINE, RegisterAnswer.CONFIRMED), genuine.reasons
    answer = await look_up_serial(setup.database.reader, serial)
    assert (answer.state, answer.released_at is not None) == ("used", True)
    second = await stamped_outside(setup, letter(), serial)
    assert (await judged(second)).verdict is Verdict.GENUINE
    assert (await judged(first)).reasons == ("register.older_hash",)
    assert (await setup.balances())[2] == 1
