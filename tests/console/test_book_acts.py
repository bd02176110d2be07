"""Officers of finance have days closed, and explain lines of the bank, in the console."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from meterai.accounting.days.queries import statement_of
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.processes.closer import DayCloser
from tests.console.act_examples import LINE, VALID, add_day_and_line, add_partners
from tests.console.running_console import NOW, browser_of
from tests.officers import record_officer
from tests.storage_fixtures import TestDatabase

_CLOSE, _EXPLAIN = "/tindakan/tutup-hari", "/tindakan/jelaskan-baris-bank"


async def test_a_day_that_is_over_is_closed_by_the_process_that_has_the_key(
    database: TestDatabase, tmp_path: Path
) -> None:
    await record_officer(database, "sari", "{finance}")
    await add_partners(database)
    await add_day_and_line(database)
    closer = DayCloser(database.closer, Settings(data=tmp_path), lambda: NOW)
    assert await closer.turn() == 0, "it has no key, and rests"
    Secrets(tmp_path).make_day_close_key()
    assert await closer.turn() == 0
    browser = browser_of(database)
    await browser.sign_in_as("sari")
    await browser.get(_CLOSE)
    await browser.post(_CLOSE, reason="alarm")
    for shown in ("4 September 2026", "5 September 2026 pukul 00.15", "Rp0", '<dd class="typed">ya</dd>'):
        assert shown in browser.text, shown
    await browser.post(_CLOSE, reason="alarm", langkah="kirim")
    assert (browser.status, "Penutupan 2026-09-04 diminta" in browser.text) == (200, True), browser.text
    assert await closer.turn() == 1, "at once"
    assert await closer.turn() == 0
    async with database.site.connection() as connection:
        assert await statement_of(connection, (NOW - timedelta(days=1)).date())
    await browser.get(_CLOSE)
    await browser.post(_CLOSE, reason="alarm")
    assert (browser.status, "Semua hari yang sudah lewat sudah ditutup" in browser.text) == (409, True)


async def test_a_line_of_the_bank_is_chosen_and_explained(database: TestDatabase) -> None:
    await record_officer(database, "sari", "{finance}")
    await add_partners(database)
    await add_day_and_line(database)
    browser = browser_of(database)
    await browser.sign_in_as("sari")
    await browser.get(_EXPLAIN)
    chosen = (
        f'<option value="{LINE}">5 September 2026 · -Rp5.000.000 · TRF IRIS TOPUP 4711 SARI DEWI</option>'
    )
    assert chosen in browser.text
    typed = dict(VALID["bank_line.explain"])
    await browser.post(_EXPLAIN, **(typed | {"line": "bukan id"}))
    assert (browser.status, 'value="bukan id"' in browser.text) == (409, True)
    await browser.post(_EXPLAIN, **(typed | {"explanation": "payout"}), langkah="kirim")
    assert browser.status == 409, "there is no such payout"
    await browser.post(_EXPLAIN, **typed)
    assert "belum dijelaskan" in browser.text
    await browser.post(_EXPLAIN, **typed, langkah="kirim")
    assert (browser.status, "uang ke penyedia pencairan" in browser.text) == (200, True), browser.text
    line = await database.owner.fetchrow("SELECT explanation, words FROM accounting.bank_line")
    assert line
    assert tuple(line) == ("top_up", None)
    entry = await database.owner.fetchrow(
        "SELECT actor, action, facts ->> 'reason' FROM operations.audit_entry"
    )
    assert entry
    assert tuple(entry) == ("sari", "bank_line.explain", "tiket 4711")
    await browser.get(_EXPLAIN)
    assert "<option" not in browser.text.partition("explanation")[0], "none is left to choose"
