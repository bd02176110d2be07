"""The pages of closed days: their sums in both languages, and a file that openssl confirms."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest

from meterai.accounting.days.statement_key import read_key
from meterai.accounting.days.use_cases.close_days import close_days
from meterai.kit.files.secret_files import keep_ed25519_key
from tests.accounting.test_close_days import AFTER_BOTH, DAY, NEXT_DAY
from tests.sales.shop import open_shop
from tests.storage_fixtures import TestDatabase
from tests.web.asking import ask
from tests.web.running_site import RunningSite

pytestmark = pytest.mark.storage


async def test_anybody_reads_a_closed_day_and_checks_its_signature(
    running: RunningSite, database: TestDatabase, tmp_path: Path
) -> None:
    assert "Belum ada hari yang ditutup" in (await ask(running.site, "/hari")).text
    keep_ed25519_key(tmp_path / "private.pem")
    async with open_shop(database) as shop:
        await shop.paid_quota(pieces=2)
    key = read_key(tmp_path / "private.pem")
    await close_days(database.closer, key, until=NEXT_DAY, clock=lambda: AFTER_BOTH)
    for prefix, words in (("", ("Dibayar", "2 keping")), ("/en", ("Paid", "2 stamps"))):
        for page in ("/hari", f"/hari/{DAY}"):
            answer = await ask(running.site, prefix + page)
            assert answer.status == 200
            assert all(word in answer.text for word in (*words, "Rp25.000")), page
    for unknown in ("/hari/2026-09-30", "/hari/2026-9-5", "/hari/x.json", "/hari/2026-13-40"):
        assert (await ask(running.site, unknown)).status == 404
    answer = await ask(running.site, f"/hari/{NEXT_DAY}.json")
    signed = json.loads(answer.text)
    assert signed["key"] == key.id
    (tmp_path / "statement").write_text(signed["statement"])
    (tmp_path / "signature").write_bytes(base64.b64decode(signed["signature"]))
    (tmp_path / "key.pem").write_text(signed["public_key"])
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement -sigfile signature"
    assert command in (await ask(running.site, f"/hari/{DAY}")).text.replace("&gt;", ">")
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True, timeout=20)
