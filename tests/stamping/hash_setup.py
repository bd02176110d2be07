"""A set-up for hashes that partners have signed: a chain of partners, and the signer on its real socket."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from meterai.kernel.serial_number import SerialNumber
from meterai.kit.fail_points import FailPoint, never
from meterai.kit.settings import Settings
from meterai.ledger.model import AccountKind, account_id
from meterai.partners.model import Organisation
from meterai.processes.signer import SignerServer, open_sealer
from meterai.stamping.signer.askers import Askers, Right
from meterai.stamping.signer.cms import signed_attributes
from meterai.stamping.signer.key_files import counter_path
from meterai.stamping.signer.private_keys.key_opener import KeyOpener
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import socket_path
from meterai.stamping.taken.model import WantedSerial
from meterai.stamping.use_cases.hash_chain import hash_chain
from meterai.stamping.use_cases.sign_hash import SignedHash, sign_hash
from meterai.stamping.use_cases.take_serials import take_serials
from tests.stamping.stamping_setup import until
from tests.storage_fixtures import TestDatabase

SOURCE = hashlib.sha256(b"the file before").digest()
DOCUMENT = hashlib.sha256(b"the byte range").digest()


@dataclass
class FailSwitch:
    """A fail point that a test sets: the signer fails there, as if it had been killed."""

    at: str = ""

    def __call__(self, name: str) -> None:
        if name == self.at:
            raise RuntimeError(f"killed at {name}")


@dataclass
class HashSetup:
    """A firm with stamps, and the signer."""

    database: TestDatabase
    data: Path
    tsa_url: str
    firm: Organisation
    fails: FailSwitch = field(default_factory=FailSwitch)

    def __post_init__(self) -> None:
        self.client = SignerClient(socket_path(self.data))

    @asynccontextmanager
    async def signer(self, askers: Askers | None = None) -> AsyncIterator[None]:
        """The signer, with the site as one that may ask for everything, unless `askers` says otherwise."""
        fail_point: FailPoint = self.fails or never
        settings = Settings(
            data=self.data, database_signer_url=self.database.urls.signer, tsa_url=self.tsa_url
        )
        stop = asyncio.Event()
        async with open_sealer(settings, KeyOpener(settings)) as sealer:
            sealer.hashes._fail_point = fail_point
            path = socket_path(self.data)
            serving = asyncio.create_task(SignerServer(sealer, askers).serve(path, stop))
            await until(path.exists, 5, "the socket")
            try:
                yield
            finally:
                await self.client.close()
                stop.set()
                await serving

    async def take(self, by: Organisation | None = None) -> SerialNumber:
        async def nothing(*_: object) -> None:
            pass

        (taken,) = await take_serials(
            self.database.site, [WantedSerial(name="surat.pdf")], organisation_id=(by or self.firm).id,
            before=nothing, after=nothing, now=datetime.now(UTC),
        )  # fmt: skip
        return taken.serial

    async def attributes(self, digest: bytes = DOCUMENT) -> bytes:
        return signed_attributes(digest, await hash_chain(self.client))

    async def sign(
        self, serial: str, attributes: bytes, *, source: bytes = SOURCE, by: Organisation | None = None
    ) -> SignedHash:
        return await sign_hash(
            self.database.site, self.client, organisation_id=(by or self.firm).id, serial=serial,
            source_sha256=source, attributes=attributes, now=datetime.now(UTC),
        )  # fmt: skip

    async def balances(self) -> tuple[int, int, int]:
        """Stock, unstamped, used."""
        rows = {
            row["id"]: row["has"]
            for row in await self.database.owner.fetch(
                "SELECT id, credits_posted - debits_posted AS has FROM ledger.account"
            )
        }
        kinds = (AccountKind.PARTNER_STOCK, AccountKind.UNSTAMPED, AccountKind.USED)
        stock, unstamped, used = (rows.get(account_id(kind, self.firm.id), 0) for kind in kinds)
        return stock, unstamped, used

    async def uses(self) -> int:
        """Uses of the key for hashes, by its counter."""
        key = await self.client.hash_key()
        return int(counter_path(self.data / "signer", key.key_id).read_text())

    async def attempts(self) -> int:
        """Counted attempts that reached the key, by the register."""
        count: int = await self.database.owner.fetchval(
            """SELECT count(*) FROM stamping.sign_attempt
               WHERE hash_request_id IS NOT NULL AND abandoned_at IS NULL"""
        )
        return count


class SiteAlone(Askers):
    """As if every user were the site's."""

    def right_of(self, user: int) -> Right:
        return Right.HASH
