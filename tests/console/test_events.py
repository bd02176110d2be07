"""Officers open, change and end events in the console: one asks, another approves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meterai.sales.events import load_events
from meterai.sales.queries.events import find_event
from meterai.sales.use_cases.set_events import set_events
from tests.console.act_examples import VALID
from tests.console.running_console import browser_of
from tests.console.test_requests import Office
from tests.storage_fixtures import TestDatabase

OPEN, CHANGE, CLOSE, FOLLOW = (
    f"/tindakan/{path}" for path in ("buka-acara", "ubah-acara", "akhiri-acara", "ikuti-berkas-acara")
)
WIB = ZoneInfo("Asia/Jakarta")


@pytest.fixture
async def office(database: TestDatabase) -> Office:
    await set_events(database.app, load_events())
    office = Office(database, browser_of(database, clock=lambda: datetime.now(UTC)).console)
    await office.hire(ani="admin", budi="admin")
    return office


async def release(office: Office, address: str, number: int, /, **typed: str) -> None:
    """Ani asks, and Budi approves."""
    asked = await office.ask("ani", address, **typed)
    assert f'href="/permintaan/{number}"' in asked.text, asked.text
    await office.see("budi", f"/permintaan/{number}")
    done = await office.approve("budi", f"/permintaan/{number}")
    assert (done.status, "sudah dilakukan" in done.text) == (200, True), done.text


async def test_an_event_is_opened_changed_ended_and_left_to_the_file(office: Office) -> None:
    db, now = office.database.site, datetime.now(WIB).replace(microsecond=0)
    tomorrow = f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}"
    typed = {
        **VALID["event.open"],
        "name": "Seleksi <PPPK>",
        "opens_at": f"{now:%Y-%m-%dT%H:%M}",
        "closes_at": f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}",
    }
    await release(office, OPEN, 1, **typed)
    event = await find_event(db, "pppk-2026")
    assert (event.name, event.output_bytes_max, event.signed_later) == ("Seleksi <PPPK>", 800 * 1024, False)
    assert [one.kind for one in event.required_documents] == ["surat_lamaran"]
    assert event.opens_at == now.replace(second=0)
    lines = await office.database.owner.fetch("SELECT event FROM waiting_room.queue")
    assert [row["event"] for row in lines] == ["pppk-2026"]

    change = {"event": "pppk-2026", "closes_at": tomorrow, "hand_in": "-", "reason": "BKN memajukannya"}
    await office.see("ani", CHANGE)
    await office.browsers["ani"].post(CHANGE, **change)
    shown = office.browsers["ani"].text
    assert f"→ {tomorrow.replace('T', ' ')} WIB" in shown
    assert "https://sscasn.bkn.go.id → -" in shown
    assert "surat_lamaran |" not in shown, "what stays is not listed"
    await release(office, CHANGE, 2, **change)
    event = await find_event(db, "pppk-2026")
    assert (f"{event.closes_at.astimezone(WIB):%Y-%m-%dT%H:%M}", event.hand_in) == (tomorrow, None)

    await office.ask("ani", CLOSE, event="pppk-2026", reason="listrik padam")
    assert "saat petugas kedua menyetujuinya" in await office.see("budi", "/permintaan/3")
    await office.approve("budi", "/permintaan/3")
    assert (await find_event(db, "pppk-2026")).is_over(datetime.now(UTC))
    await release(office, FOLLOW, 4, event="pppk-2026", reason="selesai")
    offered = await office.database.owner.fetch("SELECT slug FROM sales.event WHERE active")
    assert [row["slug"] for row in offered] == ["casn"]
    assert await office.entries() == [
        ("ani, budi", f"event.{kind}") for kind in ("open", "change", "close", "follow_file")
    ]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"event": "Casn 2027"}, 422),
        ({"event": "casn"}, 409),
        ({"closes_at": "2026-10-01"}, 422),
        ({"documents": "surat_lamaran"}, 422),
        ({"documents": "a | b"}, 422),
        ({"kilobytes": "8"}, 422),
        ({"hand_in": "Portal | Portal | http://x.example"}, 422),
        ({"zone": "GMT"}, 400),
        ({"line": ""}, 400),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, dict) else str(one),
)
async def test_what_can_not_be_read_is_told_and_kept(
    office: Office, wrong: dict[str, str], status: int
) -> None:
    ani = office.browsers["ani"]
    await office.see("ani", OPEN)
    await ani.post(OPEN, **VALID["event.open"] | wrong)
    assert (ani.status, "BKN mengumumkannya" in ani.text) == (status, True), ani.text
