"""The set-up of the stamping tests, with an HSM and operators who rotate its keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from meterai.stamping.keys.development_key import register_development_keys
from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.model import Job
from meterai.stamping.queries import job as find_job
from meterai.stamping.use_cases.activate_key import activate_key
from meterai.stamping.use_cases.add_key import add_key
from meterai.stamping.use_cases.retire_key import retire_key
from tests.keys.certified import certify
from tests.keys.soft_hsm import SoftHsm
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import Process, StampingSetup, until

ACTOR = "Oscar"
"""Name of the operator."""


@dataclass
class RotatingSetup(StampingSetup):
    """Oscar the operator rotates the keys."""

    hsm: SoftHsm = field(default_factory=lambda: SoftHsm(None))  # type: ignore[arg-type]

    def spawn(self, module: str = "meterai.processes.signer", **environment: str) -> Process:
        """Starts a signer that can use the HSM."""
        self.signer_process = Process(
            "-m", module,
            environment={
                "METERAI_DATA": str(self.data),
                "METERAI_DATABASE_SIGNER_URL": self.database.urls.signer,
                "METERAI_TSA_URL": self.tsa.url,
                **self.hsm.environment,
                **environment,
            },
            log=self.data / "signer.log",
        )  # fmt: skip
        self.processes.append(self.signer_process)
        return self.signer_process

    async def start(self, module: str = "meterai.processes.signer", **environment: str) -> Process:
        process = self.spawn(module, **environment)
        await until(self.signer_answers, what="the signer")
        return process

    async def register_first(self) -> str:
        """Registers the development key, as at the first start of the service."""
        await register_development_keys(self.db, self.data, now=datetime.now(UTC))
        return str(await self.value("SELECT key_id FROM stamping.signing_key WHERE purpose = 'seal'"))

    async def add(self, label: str = "stamp-1", **changes: Any) -> str:
        """Registers a key of the HSM."""
        place = f"pkcs11:token=meterai;object={label}"
        changes.setdefault("chain", certify(self.data / "pki", place))
        changes.setdefault("roots", self.roots)
        key = await add_key(self.db, **{"place": place, "actor": ACTOR, "now": datetime.now(UTC)} | changes)
        return key.key_id

    @property
    def roots(self) -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates((self.data / "pki" / "trust" / "root.pem").read_bytes())

    async def activate(self, key_id: str, **changes: Any) -> SigningKey:
        """Activates the key once the signer holds it open."""
        await until(lambda: self.ready(key_id), 10, "the signer to open the key")
        return await self.activate_at_once(key_id, **changes)

    async def activate_at_once(self, key_id: str, **changes: Any) -> SigningKey:
        now = datetime.now(UTC)
        return await activate_key(self.db, self.client, key_id, actor=ACTOR, now=now, **changes)

    async def retire(self, key_id: str) -> SigningKey:
        return await retire_key(self.db, key_id, reason="rotation", actor=ACTOR, now=datetime.now(UTC))

    async def ready(self, key_id: str) -> bool:
        return any(report.key_id == key_id and not report.trouble for report in await self.client.keys())

    async def signs_with(self, key_id: str) -> bool:
        return (await self.client.ping()).key_id == key_id

    async def order_letter(self, text: str = "Surat") -> Job:
        return await self.order(await self.accept(make_letter(text)))

    async def stamp(self, text: str = "Surat") -> Job:
        """Makes a stamped letter of Alice."""
        job = await self.order_letter(text)
        await self.work()
        found = await find_job(self.db, job.id)
        assert found is not None
        assert found.state == "released", found
        return found

    async def file_of(self, job: Job) -> bytes:
        sha256 = await self.value(
            "SELECT sha256 FROM stamping.release WHERE serial = $1 ORDER BY version DESC LIMIT 1",
            job.serials[0],
        )
        return await self.objects.get(sha256)

    async def key_of(self, job: Job) -> str:
        """The key that sealed the stamp, according to the database."""
        return str(await self.value("SELECT key_id FROM stamping.release WHERE serial = $1", job.serials[0]))
