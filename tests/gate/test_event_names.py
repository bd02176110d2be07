"""Wait pages say of an event what officers entered, though gates reach no database."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from meterai.gate.application import Gate
from meterai.gate.http.server import Request
from meterai.gate.open_event import GateSettings
from meterai.kit.acting import Actor
from meterai.operations.use_cases.enter_event import change_event, enter_event
from meterai.processes.controller import name_events
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.carrying.shared_folder import SharedFolder
from tests.players.queue_twin import Queue, schedule_from
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
CASN = load_events()[0]


def page_of(gate: Gate, target: bytes) -> str:
    request = Request(None, "")
    request.target = target
    answered = gate.handle(request)
    assert answered is not None
    return answered.decode()


async def test_a_gate_follows_the_name_that_officers_gave(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.processes.controller._EVENTS_NAMED_S", 0.01)
    queue = Queue(tmp_path, schedule_from(time.time()))
    queue.status()
    gate = Gate(GateSettings(number=1, folder=queue.root, gate_url="http://g", site_url="http://s"), {})
    gate.look()
    assert "CASN" in page_of(gate, b"/antre/casn"), "nobody has named it"
    await set_events(database.app, load_events())
    renamed = msgspec.structs.replace(CASN, name="Seleksi <ulang>", name_en="Selection again")
    await enter_event(
        database.operator, change_event(renamed, "x"), actor=Actor(name="ani"), now=datetime.now(UTC)
    )
    leads: Any = SimpleNamespace(leads=True, carrier=SharedFolder())
    naming = asyncio.create_task(name_events(database.controller, queue.root, leads))
    async with asyncio.timeout(5):
        while not queue.folder.shown_event.exists():
            await asyncio.sleep(0.01)
    for damaged, seconds in ((False, 1), (True, 2)):
        if damaged:
            naming.cancel()
            queue.folder.shown_event.write_text("{")
        monkeypatch.setattr(gate, "_written_at", time.monotonic() - seconds)
        gate.look()
        assert "Seleksi &lt;ulang&gt;" in page_of(gate, b"/antre/casn")
        assert "Selection again" in page_of(gate, b"/en/antre/casn")
    assert queue.folder.shown_event.stat().st_mode & 0o777 == 0o644
    gate.close()
