"""What is said of a stamped file: by the service with its register, and offline with the trust root alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from meterai.verification.trust import TRUST_FOLDER, load_trust

OFFLINE: Final = {
    "onprem": Verdict.CANNOT_CHECK,
    "cloud": Verdict.GENUINE,
    "batch": Verdict.CANNOT_CHECK,
}
"""What is promised offline, by mode: hashes that an adapter had signed are in the register alone."""


class NotAsPromised(Exception):
    """The service did something else than the contract or the documentation says."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A stamped file and its verdicts."""

    file: str
    serial: str
    verdict: str
    offline: str


class Judges:
    """Asks for both verdicts. `data`: of the service, for its trust root."""

    def __init__(self, session: aiohttp.ClientSession, site: str, data: Path) -> None:
        self._session = session
        self._site = site
        self._trust = load_trust(data / TRUST_FOLDER)

    async def judge(self, file: Path, serial: str, *, mode: str) -> Judged:
        """Raises: NotAsPromised."""
        content = await asyncio.to_thread(file.read_bytes)
        address = f"{self._site}/api/v1/verifications"
        head = {"Content-Type": "application/pdf"}
        async with self._session.post(address, data=content, headers=head) as answer:
            said = msgspec.json.decode(await answer.read())
        serials = [stamp["serial"] for stamp in said.get("stamps", [])]
        now = datetime.now(UTC)
        offline = judge(JudgeRequest(data=content, trust=self._trust, moment=now)).verdict
        expect(f"{file.name} by the register", (said.get("verdict"), serials), (Verdict.GENUINE, [serial]))
        expect(f"{file.name} offline", offline, OFFLINE[mode])
        return Judged(file=file.name, serial=serial, verdict=said["verdict"], offline=offline)


def expect(what: str, found: object, wanted: object) -> None:
    """Raises: NotAsPromised when they differ."""
    if found != wanted:
        raise NotAsPromised(f"{what}: {found!r} instead of {wanted!r}")
