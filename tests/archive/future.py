"""A stamping set-up whose clock can be moved: time-stamp authority and revocation service on real sockets."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn

from meterai.kit.fail_points import FailPoint, never
from meterai.stamping.archive.level import Level
from meterai.stamping.archive.revocation_source import HttpRevocation
from meterai.stamping.archive.tools import ArchiveSettings, ArchiveTools
from meterai.stamping.model import Job
from meterai.stamping.signer.time_stamp_client import HttpTimestamper, TokenChecker
from meterai.stamping.use_cases.renew_archive import renew_due_archives
from meterai.verification.in_jail import judge
from meterai.verification.model import Judgement, JudgeRequest
from meterai.verification.trust import load_trust
from sandbox.pki.authority import renew_time_stamper
from sandbox.revocation.application import make_application
from sandbox.revocation.authority import RevocationAuthority, Revoked
from sandbox.tsa.application import TsaApplication
from sandbox.tsa.authority import TimeStampAuthority
from tests.ports import free_port
from tests.sandbox.twins import served
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import StampingSetup

YEAR = timedelta(days=365)


@dataclass
class MovableClock:
    """The real time, moved on."""

    moved: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def move_to(self, moment: datetime) -> None:
        self.moved = moment - datetime.now(UTC)


@dataclass
class Signer:
    """The part of the signer that the archive uses: checked tokens, at the set-up's time."""

    timestamper: HttpTimestamper

    async def time_stamps(self, imprints: Sequence[bytes]) -> list[bytes]:
        return [await self.timestamper.stamp(imprint) for imprint in imprints]


@dataclass
class Future:
    """The archive of a set-up, at any time."""

    setup: StampingSetup
    clock: MovableClock
    revocation: HttpRevocation
    authority: RevocationAuthority
    session: aiohttp.ClientSession
    revocation_url: str
    tsa_url: str = ""
    tsa_application: Any = None
    verdicts: list[str | None] = field(default_factory=list)

    @property
    def pki(self) -> Path:
        return self.setup.data / "pki"

    def tools(
        self, level: Level = Level.LTA, *, fail_point: FailPoint = never, **changes: Any
    ) -> ArchiveTools:
        trust = load_trust(self.pki / "trust")
        checker = TokenChecker([pem.encode() for pem in trust.roots_pem], self.clock)

        async def judged(content: bytes) -> str | None:
            found = self.judge(content)
            self.verdicts.append(None if found.verdict == "ASLI" else f"{found.verdict} {found.reasons}")
            return self.verdicts[-1]

        parts: dict[str, Any] = {
            "db": self.setup.db,
            "jail": self.setup.jail,
            "objects": self.setup.objects,
            "signer": Signer(HttpTimestamper(self.session, self.tsa_url, checker)),
            "revocation": self.revocation,
            "judge": judged,
            "clock": self.clock,
            "settings": ArchiveSettings(
                level=level, roots=tuple(pem.encode() for pem in trust.roots_pem), retry_first_s=0.01
            ),
            "fail_point": fail_point,
        }
        return ArchiveTools(**{**parts, **changes})

    def judge(self, data: bytes, moment: datetime | None = None) -> Judgement:
        """Judges a file offline, with nothing but the file and the trust root."""
        trust = load_trust(self.pki / "trust")
        return judge(JudgeRequest(data=data, trust=trust, moment=moment or self.clock()))

    async def stamped(self, data: bytes | None = None, **changes: Any) -> Job:
        """Makes a letter of Alice, released at B-T."""
        job = await self.setup.order(await self.setup.accept(data or make_letter()))
        await self.setup.work(**changes)
        return job

    async def look_after(self, tools: ArchiveTools | None = None) -> int:
        """Runs one turn of the archive's loop."""
        return (await renew_due_archives(tools or self.tools(), limit=8)).done

    async def make_due(self) -> None:
        """Makes all files due, as if the waiting time had passed."""
        await self.setup.database.owner.execute("UPDATE stamping.archive SET due_at = $1", self.clock())

    async def versions(self, document_id: uuid.UUID) -> list[bytes]:
        """The released files of a document, the first version first."""
        rows = await self.setup.database.owner.fetch(
            "SELECT DISTINCT version, sha256 FROM stamping.release WHERE document_id = $1 ORDER BY version",
            document_id,
        )
        return [await self.setup.objects.get(row["sha256"]) for row in rows]

    async def book(self) -> Any:
        return await self.setup.row("SELECT * FROM stamping.archive")

    def revoke(self, name: str, at: datetime, reason: str = "keyCompromise") -> None:
        self.authority.revoke(Revoked(certificate=name, at=at, reason=reason))

    def renew_time_stamper(self) -> None:
        """The authority gets a new key and certificate, as authorities do every few years."""
        renew_time_stamper(self.pki, now=self.clock())
        self.tsa_application._authority = TimeStampAuthority(self.pki, clock=self.clock)


@asynccontextmanager
async def future_of(setup: StampingSetup) -> AsyncIterator[Future]:
    """The twins at the set-up's own time."""
    clock = MovableClock()
    authority = RevocationAuthority(setup.data / "pki", clock=clock)
    async with (
        served(make_application(authority), free_port()) as url,
        aiohttp.ClientSession() as session,
    ):
        future = Future(
            setup=setup,
            clock=clock,
            revocation=HttpRevocation(mirror=url),
            authority=authority,
            session=session,
            revocation_url=url,
        )
        future.tsa_application = TsaApplication(TimeStampAuthority(setup.data / "pki", clock=clock))
        async with _asgi(future.tsa_application) as tsa_url:
            future.tsa_url = tsa_url
            yield future
        await future.revocation.close()


@asynccontextmanager
async def _asgi(application: Any) -> AsyncIterator[str]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(application, host="127.0.0.1", port=port, lifespan="off", log_level="error")
    )
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        await serving
