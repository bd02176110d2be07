"""The real signer process with a faulty key device: `python -m tests.keys.faulty_signer`.

Before each signature it reads its fault from the file DATA/fault: `flip` (one bit), `other` (a sound
signature by another key), `slow` (seconds late). Without the file there is no fault. DATA/fault.count counts
the faults.
"""

from __future__ import annotations

import asyncio

import uvloop
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from meterai.kit import settings as environment
from meterai.kit.logging import set_up_logging
from meterai.kit.settings import Settings
from meterai.processes.signer import run
from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.signer.private_keys.key_opener import KeyOpener
from meterai.stamping.signer.private_keys.software_key import OpenKey


class FaultyKey:
    """A key device with the fault named in the file."""

    def __init__(self, inner: OpenKey, settings: Settings) -> None:
        self._inner = inner
        self._file = settings.data / "fault"
        self._count = settings.data / "fault.count"
        self._other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id, self.certificates, self.algorithm = inner.key_id, inner.certificates, inner.algorithm
        self.renewed = 0

    @property
    def attempts(self) -> int:
        return self._inner.attempts

    @property
    def trouble(self) -> str:
        return self._inner.trouble

    async def sign(self, digest: bytes) -> bytes:
        signature = await self._inner.sign(digest)
        fault = self._file.read_text() if self._file.exists() else ""
        if not fault:
            return signature
        self._count.write_text(str(int(self._count.read_text()) + 1 if self._count.exists() else 1))
        if fault == "slow":
            await asyncio.sleep(3)
            return signature
        if fault == "flip":
            return signature[:-1] + bytes([signature[-1] ^ 1])
        return self._other.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))

    def renew(self) -> None:
        self._inner.renew()

    async def close(self) -> None:
        await self._inner.close()


def main() -> None:
    settings = environment.from_environment()
    set_up_logging(settings.log_level)
    opener = KeyOpener(settings)

    async def open_key(key: SigningKey) -> OpenKey:
        return FaultyKey(await opener(key), settings)

    uvloop.run(run(settings, open_key))


if __name__ == "__main__":
    main()
