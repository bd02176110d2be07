"""A status page in a folder, with a clock that tests move and a core that can die."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from meterai.kit.http.outside_service import CallLimits, CircuitBreaker, OutsideService
from meterai.status_page.core_answer import Core
from meterai.status_page.looks import Looks
from meterai.status_page.notice import NoticeFile
from meterai.status_page.output import ChangedFiles, FolderOutput
from meterai.status_page.pages import Facts
from meterai.status_page.turns import Turns
from tests.ports import free_port

START = datetime(2026, 9, 5, 7, 5, tzinfo=UTC)
"""14.05 WIB."""
INCIDENT = {
    "number": 7,
    "severity": "major",
    "title": {"id": "QRIS tidak diterima", "en": "QRIS is not taken"},
    "started_at": "2026-09-05T06:30:00Z",
    "next_update_at": "2026-09-05T07:30:00Z",
    "updates": [
        {
            "at": "2026-09-05T06:40:00Z",
            "state": "identified",
            "text": {"id": "Kami periksa.", "en": "We look <into> it."},
        }
    ],
}
FIGURES = {
    "people_waiting": 1234,
    "median_minutes_to_stamp": 2.5,
    "oldest_open_case_hours": 26.5,
    "day": {
        "date": "2026-09-04",
        "statement_url": "https://meterai.example/hari/2026-09-04",
        "balanced": True,
    },
}
NOTICE = """
severity = "critical"
[id]
title = "Pusat data kehilangan listrik"
text = "Teknisi sudah di tempat."
[en]
title = "Our data centre lost its power"
text = "Technicians are there."
"""


@dataclass
class Scene:
    """What a test moves and looks at."""

    folder: Path
    turns: Any = None
    moment: datetime = START
    said: dict[str, Any] = field(default_factory=dict)
    server: web.AppRunner | None = None
    port: int = field(default_factory=free_port)

    def page(self, name: str = "index.html") -> str:
        return (self.folder / "out" / name).read_text()

    @property
    def told(self) -> dict[str, Any]:
        """`status.json`."""
        found: dict[str, Any] = msgspec.json.decode((self.folder / "out" / "status.json").read_bytes())
        return found

    def notice(self, text: str) -> None:
        (self.folder / "notice.toml").write_text(text)

    async def minutes(self, count: float) -> None:
        """Time goes on, and the process has its turn and a whole look."""
        self.moment += timedelta(minutes=count)
        await self.turns.turn()
        await self.turns.looked()

    async def die(self) -> None:
        """Kills everything but the status page."""
        assert self.server is not None
        await self.server.cleanup()

    async def rise(self) -> None:
        """Starts what the status page looks at."""
        self.server = web.AppRunner(_core(self), access_log=None, shutdown_timeout=0.1)
        await self.server.setup()
        await web.TCPSite(self.server, "127.0.0.1", self.port).start()


@asynccontextmanager
async def status_page(folder: Path, **core: Any) -> AsyncIterator[Scene]:
    """A status page before a core that answers with these fields."""
    scene = Scene(folder)
    scene.said = {
        "at": START.isoformat(),
        "environment": "development",
        "parts": [
            {"part": part, "state": "good"} for part in ("site", "payment", "stamping", "verification")
        ],
        "incidents": [],
        "announcements": [],
        **core,
    }
    await scene.rise()
    door = OutsideService(
        f"http://127.0.0.1:{scene.port}",
        unavailable_code="status_page.no_answer",
        limits=CallLimits(total_seconds=2),
        breaker=CircuitBreaker(failures_max=1 << 30),
    )
    scene.turns = turns_of(scene, door)
    try:
        yield scene
    finally:
        await door.close()
        await scene.die()


def turns_of(scene: Scene, door: OutsideService, probe: Any = None) -> Turns:
    """The process's turns, as a start makes them."""
    return Turns(
        Core(door),
        Looks(door, door, probe),
        ChangedFiles(FolderOutput(scene.folder / "out")),
        facts=Facts(url="https://status.example", site_url="https://meterai.example", development=False),
        folder=scene.folder / "data",
        notice=NoticeFile(scene.folder / "notice.toml"),
        clock=lambda: scene.moment,
        look_every=timedelta(minutes=1),
    )


def _core(scene: Scene) -> web.Application:
    async def status(_: web.Request) -> web.Response:
        return web.json_response(scene.said)

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def unknown(_: web.Request) -> web.Response:
        return web.json_response({"code": "digest.unknown"}, status=404)

    application = web.Application()
    application.router.add_get("/api/v1/status", status)
    application.router.add_get("/api/v1/digests/{digest}", unknown)
    application.router.add_get("/", page)
    application.router.add_get("/antre/{event:.*}", page)
    return application
