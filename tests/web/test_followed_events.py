"""A running site follows what officers enter of events."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from meterai.kit.acting import Actor
from meterai.operations.use_cases import enter_event as entering
from meterai.sales.events import load_events
from tests.web.running_site import RunningSite

CASN = load_events()[0]
ANI = Actor(name="ani")


async def test_an_event_appears_changes_and_ends_while_the_site_runs(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, now, db = running.visitor(), running.line.now, running.line.database.operator
    await visitor.get("/pppk-2026")
    assert visitor.status == 404
    monkeypatch.setattr("meterai.web.pages.offers.LOOK_S", 0.0)
    new = msgspec.structs.replace(
        CASN,
        slug="pppk-2026",
        name="Seleksi <PPPK>",
        opens_at=now,
        closes_at=now + timedelta(days=1),
        queue=None,
    )
    await entering.enter_event(db, entering.open_event(new, "x"), actor=ANI, now=now)
    for address in ("/", "/pppk-2026", "/beli?acara=pppk-2026"):
        await visitor.get(address)
        assert (visitor.status, "Seleksi &lt;PPPK&gt;" in visitor.text) == (200, True), address
    await visitor.get("/pppk-2026/")
    assert visitor.status == 301

    named = msgspec.structs.replace(new, name="Seleksi PPPK guru")
    await entering.enter_event(db, entering.change_event(named, "x"), actor=ANI, now=now)
    await visitor.get("/pppk-2026")
    assert "Seleksi PPPK guru" in visitor.text

    await entering.enter_event(db, entering.close_event("pppk-2026", None, "x"), actor=ANI, now=now)
    await visitor.get("/")
    assert 'href="/pppk-2026"' not in visitor.text.partition("<footer")[0]
    await visitor.get("/pppk-2026")
    assert (visitor.status, "sedang tidak dibuka" in visitor.text) == (200, True), visitor.text
    await entering.enter_event(db, entering.follow_file("pppk-2026", "x"), actor=ANI, now=now)
    await visitor.get("/pppk-2026")
    assert visitor.status == 404
