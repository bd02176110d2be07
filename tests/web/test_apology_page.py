"""The page of an apology: everybody may read it, in both languages."""

from __future__ import annotations

import msgspec
import pytest

from tests.api.partner import json_of
from tests.news.example_figures import FIGURES
from tests.waiting_room.line import NOON
from tests.web.asking import ask
from tests.web.running_site import RunningSite


async def test_everybody_reads_what_became_of_every_rupiah(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.news.reader.LOOK_S", 0.0)
    owner = running.line.database.owner
    await owner.execute(
        """INSERT INTO news.incident (components, severity, state, title_id, title_en, started_at, ended_at)
           VALUES ('{payment}', 'major', 'resolved', 'Pembayaran terganggu.', 'Payments fail.', $1, $1)""",
        NOON,
    )
    reader = running.visitor()
    await reader.get("/kabar/1")
    assert reader.status == 404, "not published yet"
    await owner.execute(
        "INSERT INTO news.apology VALUES (1, 'Kami <berubah>.', 'We change.', $1::text::jsonb, $2)",
        msgspec.json.encode(FIGURES).decode(),
        NOON,
    )
    for address in ("/", "/status"):
        await reader.get(address)
        assert 'href="/kabar/1"' in reader.text
    found = json_of(await ask(running.site, "/api/v1/announcements"))["apologies"]
    assert [(one["incident"], one["url"]) for one in found] == [(1, "http://situs/kabar/1")]
    await reader.get("/kabar/1")
    assert reader.status == 200
    for words in ("Permohonan maaf: Pembayaran terganggu.", "Rp50.000", "Rp25.000", "Kami &lt;berubah&gt;."):
        assert words in reader.text
    await reader.get("/en/kabar/1")
    for words in ("Our apology: Payments fail.", "Not final. Orders and documents", "We change."):
        assert words in reader.text
    await reader.get("/kabar/2")
    assert reader.status == 404
